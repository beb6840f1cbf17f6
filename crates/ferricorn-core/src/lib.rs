//! ferricorn-core
