//! The snippets of the manual's page `frameworks`, so that they compile; `tests/snippets.rs` runs each once.

#[path = "../../actix_web.rs"]
pub mod with_actix_web;
#[path = "../../axum.rs"]
pub mod with_axum;
#[path = "../../axum_server.rs"]
pub mod with_axum_server;
#[path = "../../hyper_rustls.rs"]
pub mod with_hyper_rustls;
#[path = "../../quinn.rs"]
pub mod with_quinn;
#[path = "../../reqwest.rs"]
pub mod with_reqwest;
#[path = "../../rumqttc.rs"]
pub mod with_rumqttc;
#[path = "../../tokio_rustls.rs"]
pub mod with_tokio_rustls;
#[path = "../../tonic.rs"]
pub mod with_tonic;
#[path = "../../ureq.rs"]
pub mod with_ureq;

#[path = "../../../common/listener.rs"]
pub mod listener;
