//! What was read of a file with a key is wiped. Every page of this process is searched for it, so
//! these tests are alone in their program, and one runs at a time.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use base64ct::Encoding;
use common::files::{TempDir, through_a_pipe};
use common::pki::{Leaf, LeafSpec};
use common::tls::provider;
use mtls_roles::{Credentials, Error};

/// What a file holds may be a key. Every page of this process is searched for it afterwards.
#[test]
fn nothing_that_was_read_of_a_file_is_left_in_memory() {
    let _alone = ALONE.lock();
    let len = 300_000;
    let files = TempDir::new();
    let file = files.join("secret");
    write_secret(File::create(&file).unwrap(), len);
    let mut kept = Vec::new();
    File::open(&file).unwrap().read_to_end(&mut kept).unwrap();
    assert!(copies_of_the_secret() > 0, "the search finds what is there");
    kept.fill(0);
    drop(kept);
    assert_eq!(copies_of_the_secret(), 0);
    let read = |file: &Path| Credentials::from_pem_files(file, file, &provider()).unwrap_err();
    assert!(matches!(read(&file), Error::Missing { .. }));
    assert_eq!(copies_of_the_secret(), 0);
    // A pipe does not tell its length: the buffer grows.
    let written = through_a_pipe(|pipe| write_secret(pipe, len), |pipe| drop(read(pipe)));
    assert_eq!(written, len);
    assert_eq!(copies_of_the_secret(), 0, "pipe");
}

#[test]
fn no_decoded_key_that_was_not_used_is_left_in_memory() {
    let files = TempDir::new();
    let leaf = Leaf::self_signed(LeafSpec::new("leaf"));
    let chain = files.write("chain.pem", leaf.cert_pem());
    let _alone = ALONE.lock();
    let mut key = Vec::with_capacity(3_000);
    write_secret(&mut key, 3_000);
    let text = base64ct::Base64::encode_string(&key);
    assert!(copies_of_the_secret() > 0);
    key.fill(0);
    std::hint::black_box(&key);
    assert_eq!(copies_of_the_secret(), 0);
    let block = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    let keys = files.write("keys.pem", block.repeat(2));
    let error = Credentials::from_pem_files(chain, keys, &provider()).unwrap_err();
    assert!(matches!(error, Error::SeveralKeys { count: 2, .. }), "{error}");
    assert_eq!(copies_of_the_secret(), 0);
}

static ALONE: Mutex<()> = Mutex::new(());

/// Eight bytes that stand nowhere in this program, over and over.
fn write_secret(mut to: impl Write, len: u64) -> u64 {
    let mut written = 0;
    while written < len {
        let mut bytes = hidden();
        bytes.iter_mut().for_each(|byte| *byte ^= HIDING);
        let count = to.write(&bytes);
        bytes.fill(0);
        std::hint::black_box(&bytes);
        match count {
            Ok(count) => written += count as u64,
            Err(_) => break,
        }
    }
    written
}

const HIDING: u8 = 0x5a;

fn hidden() -> [u8; 8] {
    std::hint::black_box(*b"TAEeqXyU")
}

/// In pages that can be written.
fn copies_of_the_secret() -> usize {
    let mut memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut chunk = vec![0; 1 << 16];
    let mut count = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, rest) = line.split_once('-').unwrap();
        let (end, _) = rest.split_once(' ').unwrap();
        let parse = |hex| u64::from_str_radix(hex, 16).unwrap();
        let (mut at, end) = (parse(start), parse(end));
        while at < end {
            let len = chunk.len().min((end - at) as usize);
            memory.seek(SeekFrom::Start(at)).unwrap();
            match memory.read(&mut chunk[..len]) {
                Ok(read) if read > 0 => {
                    count += copies_in(&chunk[..read]);
                    chunk.fill(0);
                    at += read as u64;
                }
                _ => break,
            }
        }
    }
    count
}

fn copies_in(bytes: &[u8]) -> usize {
    let hidden = hidden();
    let is_secret = |window: &&[u8]| {
        let mut pairs = window.iter().zip(&hidden);
        pairs.all(|(byte, hidden)| byte ^ HIDING == *hidden)
    };
    bytes.windows(hidden.len()).filter(is_secret).count()
}
