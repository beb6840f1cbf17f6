//! The name in the process list.

use ferricorn_config::Settings;
use ferricorn_sys::title;
use tracing::debug;

/// Shows the service's name in the process list, if it has got one. Otherwise the command line says more.
pub(crate) fn show_name(settings: &Settings) {
    let Some(name) = &settings.name else { return };
    if let Err(error) = title::set(&format!("ferricorn: master [{name}]")) {
        debug!("the process list does not show the name: {error}");
    }
}
