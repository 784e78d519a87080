//! Files are read up to a bound, whatever they are.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::common::files::{TempDir, through_a_pipe};
use crate::common::pki::{Ca, Leaf, LeafSpec};
use crate::common::tls::provider;
use mtls_roles::{Credentials, Crls, Error, Roots};

const MIB: u64 = 1 << 20;

type Reader = (&'static str, u64, fn(&Path) -> Error);

/// Every reader of files, and its bound in bytes. None of them can read what the tests give it.
fn readers() -> [Reader; 4] {
    fn credentials(chain: &Path, key: &Path) -> Error {
        Credentials::from_pem_files(chain, key, &provider()).unwrap_err()
    }
    [
        ("roots", 16 * MIB, |file| Roots::from_pem_file(file).unwrap_err()),
        ("chain", 16 * MIB, |file| credentials(file, file)),
        ("key", 16 * MIB, |file| {
            let files = TempDir::new();
            let leaf = Leaf::self_signed(LeafSpec::new("leaf"));
            credentials(&files.write("chain.pem", leaf.cert_pem()), file)
        }),
        ("lists", 64 * MIB, |file| Crls::from_pem_file(file).unwrap_err()),
    ]
}

#[test]
fn a_file_of_one_byte_more_than_the_bound_is_an_error_that_names_it() {
    let files = TempDir::new();
    for (id, most, read) in readers() {
        let file = files.join(id);
        File::create(&file).unwrap().set_len(most + 1).unwrap();
        let error = read(&file);
        assert!(
            matches!(&error, Error::FileTooLarge { file: named, most: bound, .. }
                if *named == file && *bound as u64 == most),
            "{id}: {error}"
        );
        assert!(error.to_string().contains(&most.to_string()), "{error}");
    }
}

#[test]
fn a_file_of_as_many_bytes_as_the_bound_is_read() {
    let files = TempDir::new();
    let mut text = Ca::root_named("root").pem();
    text.push_str(&" ".repeat(16 * MIB as usize - text.len()));
    assert_eq!(Roots::from_pem_file(files.write("roots.pem", text)).unwrap().len(), 1);
}

#[test]
fn a_device_and_a_pipe_without_end_are_too_large() {
    let is_too_large = |error| matches!(error, Error::FileTooLarge { .. });
    for (id, _, read) in readers() {
        assert!(is_too_large(read(Path::new("/dev/zero"))), "{id}");
    }
    let endless = |mut pipe: io::PipeWriter| {
        let mut taken = 0;
        while let Ok(count) = pipe.write(&[0; 1 << 12]) {
            taken += count as u64;
        }
        taken
    };
    // All of them read a pipe alike.
    let [(_, most, read), ..] = readers();
    let taken = through_a_pipe(endless, |file| assert!(is_too_large(read(file))));
    // What the pipe itself holds was taken from the writer and is left unread.
    assert!((most + 1..=most + (1 << 17)).contains(&taken), "{taken}");
}
