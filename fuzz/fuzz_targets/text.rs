//! Any text: PEM in any quoting, base64 of anything, fields of YAML and JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles_fuzz::read;

fuzz_target!(|input: &[u8]| {
    read(input);
});
