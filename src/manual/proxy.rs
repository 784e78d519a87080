//! Proxies: what `examples/proxy` does, and how to build your own from it.
//!
//! # As a program
//!
//! ```text
//! cargo run --release --example proxy                                 # a demonstration
//! cargo run --release --example proxy -- CONFIG.toml
//! cargo run --release --example proxy -- --check CONFIG.toml          # opens no port
//! cargo run --release --example proxy -- --check A.toml --with B.toml # both ends of a connection
//! ```
//!
//! ```toml
//! admin = "127.0.0.1:9090"          # a page, /status.json, /metrics, /healthz, /readyz; loopback only
//! reload = "10s"                    # how often contents are compared; SIGHUP at once
//! drain = "30s"                     # after SIGTERM: open connections may end, then they are reset
//! log = { format = "json" }         # or "text"; one line for each connection
//!
//! [[tunnel]]
//! name = "sip-in"
//! listen = "127.0.0.1:5061"
//! connect = "127.0.0.1:5060"        # looked up for each connection; its addresses are tried in turn
//! handshake_timeout = "10s"         # each: the PROXY header, the client's handshake, the backend's
//! connect_timeout = "10s"           # for each address
//! idle_timeout = "1h"               # without a byte in either direction
//! max_connections = 10000           # others wait in the listener's queue
//! proxy_protocol = "v2"             # tells the backend who connects
//! proxy_tlvs = ["ssl", "alpn", "unique-id", "eku"]   # and "certificate"
//! accept_proxy_protocol = ["10.0.0.0/8"]             # required from there, read from nobody else
//! on_truncation = "reset"           # or "close", for peers that never say goodbye
//!
//! [tunnel.accept]                   # TLS towards those who connect; absent: plain text
//! chain = "server.pem"              # or certificates = [{ chain = "…", key = "…" }, …]
//! key = "server.key"                # absent: `chain` is a PKCS#12 archive
//! # password_file = "server.pw"     # its first line opens an encrypted key, or the archive
//! alpn = ["sip/2"]
//! client_auth = "required"          # or "optional", "none"
//! client_roots = "client-ca.pem"    # a file or a folder, as crls
//! crls = "crls"
//! eku = "ignore until 2027-03-15"   # rfc5280, strict, accept-server-auth, ignore
//! relax_for = ["dns:edge.example.com"]
//! allow = ["dns:edge.example.com"]  # absent: whoever is below the roots
//!
//! [tunnel.originate]                # TLS towards `connect`; absent: plain text
//! server_name = "core.example.com"  # absent: the host of `connect`
//! server_roots = "server-ca.pem"    # or "public"
//! expect = ["uri:spiffe://example.org/core"]         # in place of the name
//! chain = "client.pem"              # absent: no client certificate
//! key = "client.key"
//! present_eku = "ignore"            # a serverAuth-only certificate, to a peer that ignores the EKU
//! ```
//!
//! Paths are relative to the file. `crls`, `eku`, `relax_for` and `alpn` are on both sides. At SIGHUP
//! tunnels that are new in the file, gone from it or changed are added, drained and changed; the others
//! keep their connections. `admin`, `log` and the drain of the whole process are read at the start.
//!
//! # On the wire
//!
//! * **Alerts arrive**: a socket that is closed with unread bytes in it sends a RST, and a RST makes the
//!   peer forget what it had received. Say that nothing more will come, then read on for a while.
//! * **A half-close passes**, both ways: one side has ended, the other may answer for an hour.
//! * **A truncation is no end.** FIN without close_notify, or RST: what came is delivered, then the other
//!   side is reset. Delivered means acknowledged: a reset destroys what is still in our own send
//!   queue. So are both sides if nothing moves any more, the backend is dead, or the proxy is killed
//!   (SO_LINGER is 0 as long as a connection is open).
//! * **A refusal in TLS 1.3 comes at the first read**: of our certificate by the backend, too. The line of
//!   the connection has its alert.
//! * **An idle connection holds no buffer**: one for each thread fills at a read, and only what the
//!   other side does not take at once is kept.
//!
//! # What a backend is told
//!
//! A PROXY header of version 2: addresses, ALPN (0x01), the connection's id in the log (0x05), and SSL
//! (0x20) with flags, verify result, version, CN, cipher. One TLV is ours:
//!
//! | TLV | value, at most 255 bytes of UTF-8 |
//! | --- | --- |
//! | 0xE0 | `enforced`, or `relaxed: ` and what is wrong; absent without a client certificate |
//!
//! A client's certificate (0x28) makes the header longer than a kilobyte, which nginx 1.22 resets. What
//! a balancer in front says is read for its addresses alone: its TLVs are dropped, not passed on.
//!
//! What peers of other makes say at its other end: [`errors`](super::errors).
//!
//! # To build your own
//!
//! Each file of `examples/proxy` is one step or one thing; none knows more than the ones it names:
//!
//! | file | what it is | from the crate |
//! | --- | --- | --- |
//! | `config` | the file, with the place of each mistake | [`EkuPolicy`], [`PeerRule`] read themselves |
//! | `tls` | a recipe for each side | [`Reloader`], [`Generation`], slots, verifiers |
//! | `accept` | TCP → PROXY header → TLS → who is it | [`identify`](crate::ClientPeerVerifier::identify) |
//! | `originate` | name → address → TCP → PROXY header → TLS | [`identify`](crate::ServerPeerVerifier::identify) |
//! | `relay`, `side` | bytes and ends | |
//! | `refused` | the honest reason of a refusal | [`Observer`], [`Refusal`] |
//! | `record`, `metrics`, `seen`, `status`, `page` | what operators see | [`VerifiedPeer`], [`Expiry`] |
//! | `tunnel`, `tunnels`, `drain`, `run` | the process | |
//!
//! The shortest proxy keeps `tls`, `accept`, `originate`, `relay` and `side`. Take one
//! [`current`](crate::Reloader::current) generation for each connection, ask it for the configuration
//! *and* the verifier, and count peers after the handshake: before it, anybody may show the chain of
//! somebody else.
//!
//! *Not* there: HTTP, UDP, and names that choose a tunnel. The library's part would be the same.
//!
//! [`EkuPolicy`]: crate::EkuPolicy
//! [`PeerRule`]: crate::PeerRule
//! [`Reloader`]: crate::Reloader
//! [`Generation`]: crate::Generation
//! [`Observer`]: crate::Observer
//! [`Refusal`]: crate::Refusal
//! [`VerifiedPeer`]: crate::VerifiedPeer
//! [`Expiry`]: crate::Expiry
