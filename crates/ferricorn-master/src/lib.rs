//! ferricorn-master
