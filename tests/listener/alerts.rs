//! A refused client sees the alert, however much it had written already.

use crate::common::alerts::{AT_ONCE, JAVA, PYTHON, sees_every_alert};
use crate::common::tls::{alert, versions};
use crate::listener::Limits;
use crate::world::{World, ask};
use rustls::AlertDescription;

#[test]
fn a_client_on_rustls_sees_the_alert_every_time() {
    let world = World::new();
    let service = world.serve(Limits::default());
    let unfit = world.unfit();
    for version in versions() {
        for visit in 0..25 {
            let config = world.visitor_with(Some(&unfit), &[version]);
            let error = ask(service.address, config, &[0; AT_ONCE]).unwrap_err();
            let seen = error.get_ref().and_then(|inner| alert(inner.downcast_ref()?));
            let unsupported = Some(AlertDescription::UnsupportedCertificate);
            assert_eq!(seen, unsupported, "{version:?}, visit {visit}: {error}");
        }
    }
}

#[test]
fn a_client_in_python_sees_the_alert_every_time() {
    let world = World::new();
    sees_every_alert(PYTHON, world.serve(Limits::default()).address, &world.unfit());
}

#[test]
fn a_client_in_java_sees_the_alert_every_time() {
    let world = World::new();
    sees_every_alert(JAVA, world.serve(Limits::default()).address, &world.unfit());
}
