//! Data with a date: versions, wheels, image contents, plans. One file each; its head says where it is from and of when.

pub mod images;
pub mod options;
pub mod packages;
pub mod python;
pub mod render;
pub mod wheels;
