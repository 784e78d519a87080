//! The log: one line for each connection and each reload, on standard output.

use crate::config::LogFormat;

/// Begins to write events of `tracing`, in this form.
pub fn begin(format: LogFormat) {
    let log =
        tracing_subscriber::fmt().with_target(false).with_ansi(false).log_internal_errors(false);
    // A second time, as in tests, the first one stays.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).try_init(),
    };
}
