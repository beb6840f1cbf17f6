//! ferricorn-test
