//! ureq 3 takes no configuration of rustls; a connector of one's own does.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, TcpConnector, Transport,
    TransportAdapter,
};
use ureq::{Agent, Error};

/// For https alone: a request by http is refused.
pub fn agent(config: Arc<ClientConfig>) -> Agent {
    let connector = ().chain(TcpConnector::default()).chain(Tls(config));
    let https = Agent::config_builder().https_only(true).build();
    Agent::with_parts(https, connector, DefaultResolver::default())
}

/// Here the configuration may change: it is asked for at each connection.
#[derive(Debug)]
struct Tls(Arc<ClientConfig>);

impl<T: Transport> Connector<T> for Tls {
    type Out = TlsTransport;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        tcp: Option<T>,
    ) -> Result<Option<TlsTransport>, Error> {
        let host = details.uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Error::HostNotFound)?;
        let tcp = tcp.ok_or(Error::ConnectionFailed)?;
        let connection = ClientConnection::new(self.0.clone(), name)?;
        let mut tcp = TransportAdapter::new(tcp.boxed(), details.current_time.clone());
        tcp.set_timeout(details.timeout);
        let mut tls = StreamOwned::new(connection, tcp);
        tls.conn.complete_io(&mut tls.sock)?;
        let (input, output) =
            (details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(TlsTransport { tls, buffers: LazyBuffers::new(input, output) }))
    }
}

struct TlsTransport {
    tls: StreamOwned<ClientConnection, TransportAdapter>,
    buffers: LazyBuffers,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.tls.sock.set_timeout(timeout);
        Ok(self.tls.write_all(&self.buffers.output()[..amount])?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.tls.sock.set_timeout(timeout);
        let amount = self.tls.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.tls.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTransport").finish_non_exhaustive()
    }
}
