//! The example `proxy` between real peers: what each does when the purpose of a certificate is wrong, in both
//! directions, with TLS 1.2 and 1.3. `MTLS_ROLES_AGREE=1` writes the table of the manual anew.

#[path = "../common/mod.rs"]
mod common;

mod service;
mod certificates;
mod clients;
mod servers;
mod proxy;

mod matrix;
mod under_load;
