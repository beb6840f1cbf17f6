#![allow(missing_docs)]

use ferricorn_sys::inherit::systemd_listeners;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_variable_of_systemd_panics(pid in "\\PC{0,12}", count in "\\PC{0,12}|[0-9]{1,24}", own in any::<u32>()) {
        let _either = systemd_listeners(Some(&pid), Some(&count), own);
        // Meant for us: only sockets that listen are ever taken over, and this process has none.
        let _either = systemd_listeners(Some(&own.to_string()), Some(&count), own);
    }
}
