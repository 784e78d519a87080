//! Whatever a server says before TLS, and whatever people take for a server: the talk ends, nothing
//! is repeated with a control character, and a server that can be read can be written and read again.

#![no_main]
// Each is the audit program's, and used in part.
#![allow(dead_code, unreachable_pub)]

#[path = "../../examples/common/printable.rs"]
mod printable;
#[path = "../../examples/audit/shortened.rs"]
mod shortened;
#[path = "../../examples/audit/sources"]
mod sources {
    pub mod range;
    pub mod starttls;
    pub mod target;
}

use std::io::{self, Read, Write};

use libfuzzer_sys::fuzz_target;
// Where the program has it, too.
use mtls_roles_fuzz::contents;
use sources::starttls::{self, Refused};
use sources::target::Target;

/// Says what it is told to, so many bytes at a time, and hears nothing.
struct Server<'a> {
    says: &'a [u8],
    at_once: usize,
}

impl Read for Server<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.at_once.min(buffer.len()).max(1);
        let (now, later) = self.says.split_at(self.says.len().min(most));
        buffer[..now.len()].copy_from_slice(now);
        self.says = later;
        Ok(now.len())
    }
}

impl Write for Server<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const SCHEMES: [&str; 11] = [
    "smtp",
    "lmtp",
    "imap",
    "pop3",
    "sieve",
    "ftp",
    "xmpp",
    "xmpp-server",
    "ldap",
    "postgres",
    "mysql",
];

fuzz_target!(|input: &[u8]| {
    let [scheme, at_once, says @ ..] = input else { return };
    let scheme = SCHEMES[usize::from(*scheme) % SCHEMES.len()];
    let target = Target::read(&format!("{scheme}://x.example")).unwrap().remove(0);
    let mut server = Server { says, at_once: usize::from(*at_once) };
    if let Err(Refused::Said(said)) = starttls::start(target.protocol, target.host(), &mut server) {
        assert!(!said.contains(char::is_control), "{said:?}");
    }
    let Ok(text) = str::from_utf8(says) else { return };
    let _ = Target::is_meant_by(text);
    if let Ok(targets) = Target::read(text) {
        for target in targets.iter().take(1) {
            let again = Target::read(&target.shown()).unwrap();
            assert_eq!(again[0].shown(), target.shown());
        }
    }
});
