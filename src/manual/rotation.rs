//! Rotation: certificates, roots, lists and policies that change while a service runs.
//!
//! # A generation
//!
//! What belongs together changes together: what we present in both roles, whom we trust, which lists and
//! which policy. A [`Generation`](crate::Generation) is one immutable set of all of it with its
//! configurations and its sessions, and a [`Reloader`](crate::Reloader) publishes one after the other.
//! Take [`current()`](crate::Reloader::current) for each connection and ask that for everything: a
//! handshake ends in the generation in which it began, open connections keep theirs, and an old generation
//! goes with its last connection.
//!
//! A *recipe* makes it, a closure; what it reads through the [`Files`](crate::Files) that it is handed is
//! followed. There is no list of paths beside it. Formats of your own are read with
//! [`text`](crate::Files::text) or [`bytes`](crate::Files::bytes); say why you refuse one with
//! [`Error::recipe`](crate::Error::recipe). Files that only sometimes exist go into a folder.
//!
//! # When something is published
//!
//! [`follow`](crate::Reloader::follow) reads the *contents* at each look. Events of the file system are not
//! asked: watches die at kubelet's first swap, and network file systems have none. What is new is published
//! when the next look agrees, so within two intervals, and never unless two reads of *all* files in a row
//! agree: with a reused key, a certificate and roots of two swaps fit each other and do not belong
//! together. A touch changes nothing. Files that do not settle are told after some looks.
//!
//! [`reload`](crate::Reloader::reload) does it at once, for SIGHUP and deploy hooks; it reads twice and waits
//! for no second look. A file that is written slowly and is cut between two blocks at that moment may be
//! published in part; the next look corrects it. A file that *stays* cut (a full disk) cannot be told from
//! a short one: the report names every file that [became shorter](crate::ReloadReport::shorter). Write under
//! another name and rename, and none of it arises.
//!
//! # What is refused
//!
//! stays as it was last good, on its own, and everything else takes effect: a renewal that lost clientAuth
//! keeps the last good pair in its slot, and does not keep a revocation out. That holds for slots, roots,
//! lists (each file of a folder) and for what the recipe itself refuses: if it fails, it is run again
//! without the new contents of what it asked for last, and so on, until it is known which part is to
//! blame. The recipe may panic; the last generation stays.
//!
//! Refused contents are tried again at each look, since a notBefore heals by itself. The same refusal is
//! told once; a new reason is told again. To see it for as long as it lasts, watch
//! [`health`](crate::Reloader::health): `failing_since`, the age of the generation, and `looks`, which stands
//! still if nobody follows.
//!
//! ```
//! use mtls_roles::{Reloader, Side};
//! use time::OffsetDateTime;
//!
//! /// Ten lines for whoever exports gauges, with `metrics`, `prometheus-client` or by hand.
//! fn gauges<S: Side, C: Side>(tls: &Reloader<S, C>, mut set: impl FnMut(&str, String, f64)) {
//!     let (health, now) = (tls.health(), OffsetDateTime::now_utc());
//!     let age = |since: OffsetDateTime| (now - since).as_seconds_f64();
//!     set("tls_generation", String::new(), health.generation as f64);
//!     set("tls_generation_age_seconds", String::new(), age(health.since));
//!     set("tls_failing_seconds", String::new(), health.failing_since.map_or(0.0, age));
//!     // The first end last: of two that are called alike it is the one to see.
//!     for expiry in tls.current().expiries().into_iter().rev() {
//!         let label = format!("{}: {}", expiry.role, expiry.name);
//!         set("tls_expiry_timestamp_seconds", label, expiry.until.unix_timestamp() as f64);
//!     }
//! }
//! ```
//!
//! # Who writes what, in which order
//!
//! | tool | what it writes | what to give the recipe |
//! | --- | --- | --- |
//! | certbot | new files in `archive/`, then four links in `live/NAME/`, one after the other | `live/NAME/fullchain.pem`, `live/NAME/privkey.pem`; the deploy hook sends SIGHUP |
//! | cert-manager, Kubernetes secrets | a folder, then `..data` renamed: all at once, up to a minute late | `tls.crt`, `tls.key`, `ca.crt` of the mounted folder. Not with `subPath`, which is never updated |
//! | SPIFFE helper | `svid.pem`, `svid_key.pem`, `svid_bundle.pem`, in place, one after the other | the three; hours of lifetime, so follow each few seconds |
//! | step-ca (`step ca renew --daemon`) | the certificate in place, with the key reused | both; `--exec "kill -HUP PID"` |
//! | Vault agent | each template on its own, renamed into place | one template with certificate, key and chain in one file, given twice: it is read once |
//! | an HSM, a KMS | the chain alone | [`server_slot_with`](crate::Files::server_slot_with): the chain by `files.bytes(…)`, the key by [`from_signing_key`](crate::Credentials::from_signing_key) |
//! | fetchers of revocation lists | one file for each CA, some in place | the folder. A file that is missing for an hour forgets no revocation: see [`revocation`](super::revocation) |
//!
//! SIGHUP, with tokio (the whole of it is in `examples/reload`):
//!
//! ```
//! # use mtls_roles::Reloader;
//! # fn reload_on_sighup(tls: Reloader) -> std::io::Result<()> {
//! use tokio::signal::unix::{SignalKind, signal};
//! let mut hangups = signal(SignalKind::hangup())?;
//! tokio::spawn(async move {
//!     while hangups.recv().await.is_some() {
//!         let tls = tls.clone();
//!         let _ = tokio::task::spawn_blocking(move || tls.reload().is_ok()).await;
//!     }
//! });
//! # Ok(())
//! # }
//! ```
//!
//! # A new CA
//!
//! Trust first, present later, distrust last: the new root beside the old one at *every* peer, then the
//! certificates below it, then the old root goes. The report names the roots that came and went. A new root
//! without a new leaf is fine. Where peers are services like this one,
//! [`check_own_chains`](crate::ReloaderBuilder::check_own_chains) refuses what our own roots would refuse.
//!
//! # Back
//!
//! [`roll_back`](crate::Reloader::roll_back) publishes again what the generation before was made from. It
//! holds until the files change, and what was published once is not judged again. Revocation lists do not
//! go back. [`keep_last_good`](crate::ReloaderBuilder::keep_last_good) keeps the last good pair of each slot
//! on disk (mode 600 in a folder of mode 700), so that a process that starts beside a refused renewal serves
//! with it and says so: the back-up of certificate and key that the vendors' field notices ask for.
//! Without it such a start is an error.
//!
//! # Configurations for life
//!
//! reqwest, tonic and others take one configuration and keep it:
//! [`following_client_config`](crate::Reloader::following_client_config) and
//! [`following_server_config`](crate::Reloader::following_server_config) ask the current generation at each
//! handshake. They resume nothing and name no roots to clients, and slot and verifier are asked one after
//! the other, so what we present and whom we accept may be of two neighbouring generations.
//!
//! # Sessions
//!
//! are not resumed, unless [`resume_within`](crate::GenerationBuilder::resume_within) says for how long: see
//! [`resumption`](super::resumption).
//!
//! # By hand
//!
//! Without files, [`ServerSlot::swap`](crate::ServerSlot::swap) and
//! [`ClientSlot::swap`](crate::ClientSlot::swap) publish new credentials: chain and key together, judged first by
//! the slot's own policy and clock; refused, the slot keeps what it had. `swap` hands back the previous
//! credentials; rolling back is swapping them in again.
//! [`replace_crls`](crate::ClientPeerVerifier::replace_crls) takes a complete new set of lists. Roots and
//! policies do not change in a verifier: build a new one, and a new configuration. Slots and verifiers of a
//! generation are sealed: there all three are errors.
//!
//! # Clocks
//!
//! Verifiers use the time that rustls hands them, from the configuration's `time_provider`; slots
//! have their own, by default the system's; [`time_provider`](crate::ReloaderBuilder::time_provider) sets all
//! of a reloader's. There is no latch against a clock that is set back: it would revive expired certificates
//! too. Keep the clock.
