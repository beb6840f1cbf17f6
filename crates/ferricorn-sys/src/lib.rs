//! ferricorn-sys
