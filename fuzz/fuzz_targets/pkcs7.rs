//! PKCS#7 in DER and BER: whatever its content is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles_fuzz::read;

fuzz_target!(|input: &[u8]| {
    let signed_data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    read(&[&[0x30, 0x80][..], &signed_data, &[0xa0, 0x80, 0x30, 0x80], input, &[0; 6]].concat());
    read(input);
});
