//! Data with a date: versions, wheels, image contents, plans. One file each; its head says where it is from, and its
//! [`Origin`] of when.

pub mod images;
pub mod options;
pub mod packages;
pub mod python;
pub mod render;
pub mod wheels;

/// Where the tables of a file are from.
pub struct Origin {
    /// The name of the file, without its extension.
    pub name: &'static str,
    /// What it holds.
    pub holds: &'static str,
    /// The day on which its source said so, as 2026-11-30.
    pub date: &'static str,
    /// Who said so.
    pub source: &'static str,
}

/// Every file of this folder.
pub const ORIGINS: [Origin; 6] =
    [images::ORIGIN, options::ORIGIN, packages::ORIGIN, python::ORIGIN, render::ORIGIN, wheels::ORIGIN];
