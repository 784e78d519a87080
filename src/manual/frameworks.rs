//! Frameworks: what to pass, who sets ALPN, how to get the peer, how to change the configuration.
//!
//! [`server_config`](crate::server_config) and [`client_config`](crate::client_config) make plain
//! configurations of rustls 0.23. Whatever takes those takes this crate:
//!
//! | | takes | ALPN | the peer | another configuration |
//! | --- | --- | --- | --- | --- |
//! | [tokio-rustls](#tokio-rustls) 0.26 | `Arc<…Config>` | yours | `identify` | at each connection |
//! | [axum](#axum) 0.8 | a listener | yours: `h2`, `http/1.1` | `ConnectInfo` | at each connection |
//! | [axum-server](#axum-server) 0.9 | `Arc<ServerConfig>` | yours: `h2`, `http/1.1` | `verify_der` | `reload_from_config` |
//! | [tonic](#tonic) 0.14 | a stream, a connector | yours: `h2` | request extensions | at each connection |
//! | [actix-web](#actix-web) 4 | `ServerConfig` | its own: leave it empty | `on_connect` | following |
//! | [quinn](#quinn) 0.11 | `…Config` | yours: the protocol's | `verify` | `set_server_config`, `connect_with` |
//! | [hyper-rustls](#hyper-rustls) 0.27 | `ClientConfig` | its own: leave it empty, or it panics | – | following |
//! | [reqwest](#reqwest) 0.13 | `ClientConfig` | yours; without any, HTTP/1.1 | leaf only: `verify_der` | following |
//! | [rumqttc](#rumqttc) 0.25 | `Arc<ClientConfig>` | yours, if the broker wants any | – | following |
//! | [ureq](#ureq) 3 | no configuration: a connector | none: HTTP/1.1 | `identify`, in the connector | at each connection |
//!
//! "Following" are frameworks that keep one configuration for life: give them
//! [`following_server_config`](crate::Reloader::following_server_config) or
//! [`following_client_config`](crate::Reloader::following_client_config), which ask the current
//! [`Generation`](crate::Generation) at each handshake. Without a [`Reloader`](crate::Reloader),
//! [`swap`](crate::ClientSlot::swap), [`replace_crls`](crate::ClientPeerVerifier::replace_crls) and the
//! end of a policy reach the next connection, too; roots and rules then need a new client or server of
//! the framework. Pools keep connections open past all of it.
//!
//! Where the column of the peer is empty, the handshake has judged the server, and that is all: say
//! whom you expect beforehand, by name or with
//! [`expect_in_place_of_name`](crate::PeerVerifierBuilder::expect_in_place_of_name).
//!
//! **"expected `rustls::ClientConfig`, found `rustls::ClientConfig`"**, or reqwest's "unknown TLS
//! backend": the framework was built with another version of rustls. `cargo tree -i rustls` lists them.
//! What is tied to an older one cannot take a configuration of this one: hyper-rustls before 0.27,
//! rumqttc before 0.25, every `bind_rustls…` of actix-web that does not end in `_0_23`. Update it, or
//! put the listener or a connector as below in its place.
//!
//! Every snippet here is a file in `examples/frameworks/`, compiled and run once by CI with the versions
//! above. Where a framework has a feature that brings no crypto provider (`…-no-provider`), take that:
//! the provider is in the configuration already.
//!
//! # tokio-rustls
//!
//! A server is `examples/common/listener.rs`: an accept loop that goes on when descriptors run out,
//! bounds handshakes in time and number, and lets alerts arrive; `examples/embed.rs` shows it. Frameworks
//! with a loop of their own do not do all of that: on a refusal axum-server and actix-web close at once,
//! and a client that has written already may see a reset in place of the alert. With a
//! [`Reloader`](crate::Reloader) the listener's closure is `move || { let now = tls.current();
//! (now.server_config(), now.clients().clone()) }`. A client:
//!
//! ```text
#![doc = include_str!("../../examples/frameworks/tokio_rustls.rs")]
//! ```
//!
//! # axum
//!
//! `axum::serve` takes any listener, upgrades included; `examples/axum_mtls.rs` runs this one.
//!
//! ```text
#![doc = include_str!("../../examples/frameworks/axum.rs")]
//! ```
//!
//! # axum-server
//!
//! ```text
#![doc = include_str!("../../examples/frameworks/axum_server.rs")]
//! ```
//!
//! # tonic
//!
//! tonic's own `ServerTlsConfig` and `ClientTlsConfig` take PEM files and nothing else; a stream of
//! connections and a connector take their place, without any TLS feature of tonic.
//! `examples/frameworks/tonic_mtls.rs` runs these.
//!
//! ```text
#![doc = include_str!("../../examples/frameworks/tonic.rs")]
//! ```
//!
//! # actix-web
//!
//! ```text
#![doc = include_str!("../../examples/frameworks/actix_web.rs")]
//! ```
//!
//! # quinn
//!
//! The provider has TLS13_AES_128_GCM_SHA256 with QUIC, as those of rustls have, or `try_from` fails.
//! Early data stays off.
//!
//! ```text
#![doc = include_str!("../../examples/frameworks/quinn.rs")]
//! ```
//!
//! # hyper-rustls
//!
//! ```text
#![doc = include_str!("../../examples/frameworks/hyper_rustls.rs")]
//! ```
//!
//! # reqwest
//!
//! ```text
#![doc = include_str!("../../examples/frameworks/reqwest.rs")]
//! ```
//!
//! # rumqttc
//!
//! ```text
#![doc = include_str!("../../examples/frameworks/rumqttc.rs")]
//! ```
//!
//! # ureq
//!
//! ureq 2.12 takes an `Arc<ClientConfig>` (`AgentBuilder::tls_config`). ureq 3 takes roots and a client
//! certificate, and builds a configuration of its own from them, with none of this crate's checks; its
//! connectors are the way, in a module that it names `unversioned`.
//!
//! ```text
#![doc = include_str!("../../examples/frameworks/ureq.rs")]
//! ```
