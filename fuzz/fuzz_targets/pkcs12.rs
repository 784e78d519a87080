//! PKCS#12: whatever its safes are, in the clear and encrypted.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles_fuzz::read;

fuzz_target!(|input: &[u8]| {
    let data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    let open = |tag: u8, inner: &[u8]| [&[tag, 0x80], inner, &[0, 0]].concat();
    let safes = open(
        0xa0,
        &open(0x24, &[&[4, 0x82][..], &(input.len() as u16).to_be_bytes(), input].concat()),
    );
    let content = open(0x30, &[&data[..], &safes].concat());
    read(&open(0x30, &[&[2, 1, 3][..], &content].concat()));
    read(input);
});
