//! rumqttc.

use std::sync::Arc;

use rumqttc::{AsyncClient, EventLoop, MqttOptions, TlsConfiguration, Transport};
use rustls::ClientConfig;

/// The host is the name that the broker's certificate must have. MQTT needs no ALPN but where the
/// broker asks for it (AWS: `x-amzn-mqtt-ca` on port 443).
pub fn client(host: &str, port: u16, config: Arc<ClientConfig>) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new("edge", host, port);
    options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)));
    AsyncClient::new(options, 10)
}
