//! JKS, JCEKS and BKS: whatever stands behind their first octets.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles_fuzz::read;

fuzz_target!(|input: &[u8]| {
    for magic in [
        &[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2],
        &[0xce, 0xce, 0xce, 0xce, 0, 0, 0, 2],
        &[0, 0, 0, 2, 0, 0, 0, 20],
    ] {
        read(&[&magic[..], input].concat());
    }
});
