//! What makes ferricorn a thing that people install: the Pythons and machines it was tried on, wheels, release files, the
//! documentation site and its pictures.
//!
//! Owns: the commands of these names. Does not own: what they try or build, which is scripts and files in `packaging/`,
//! `docs/`, `examples/` and `.github/`.

pub(crate) mod interpreters;
pub(crate) mod links;
pub(crate) mod plots;
pub(crate) mod pythons;
pub(crate) mod release;
pub(crate) mod site;
pub(crate) mod uvicorns;
pub(crate) mod vm;
pub(crate) mod wheels;
