//! No packet that a broken worker can send makes the master panic: a bounded run.

#![allow(clippy::unwrap_used, missing_docs)]

use ferricorn_wire::{ToMaster, ToWorker, decode, encode};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _either = decode::<ToMaster>(&bytes);
        let _either = decode::<ToWorker>(&bytes);
    }

    #[test]
    fn no_damaged_message_panics(text in any::<String>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut packet = encode(&ToMaster::Warning { text: text.clone() });
        prop_assert_eq!(decode::<ToMaster>(&packet).unwrap(), ToMaster::Warning { text });
        let at = at.index(packet.len());
        packet[at] = byte;
        let _either = decode::<ToMaster>(&packet);
        let _half = decode::<ToMaster>(&packet[..at]);
    }

    #[test]
    fn no_depth_panics(depth in 0_usize..100_000) {
        let _either = decode::<ToMaster>("[".repeat(depth).as_bytes());
        let _either = decode::<ToMaster>("{\"a\":".repeat(depth).as_bytes());
    }
}
