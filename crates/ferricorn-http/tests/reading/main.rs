//! What the reader makes of bytes.

mod cuts;
mod good;
mod limits;
mod refused;
mod transcript;
