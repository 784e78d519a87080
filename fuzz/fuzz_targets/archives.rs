//! gzip, zip and tar, in one another.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles_fuzz::read;

fuzz_target!(|input: &[u8]| {
    // The rest of what is read begins otherwise.
    let is_archive = matches!(input, [0x1f, 0x8b, ..] | [b'P', b'K', ..]) || input.len() >= 512;
    if is_archive {
        read(input);
    }
});
