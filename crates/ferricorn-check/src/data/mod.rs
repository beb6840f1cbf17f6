//! Data with a date: versions, wheels, image contents, plans. One file each.
