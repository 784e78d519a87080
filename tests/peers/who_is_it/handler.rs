//! A server whose handler answers who its visitor is.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use mtls_roles::{
    ClientPeerVerifier, Credentials, EkuPolicy, PeerVerifierBuilder, Roots, ServerSlot,
    VerifiedPeer, server_config,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection, Stream};

use crate::common::clock::{Clock, NOW, unix};
use crate::common::ours::rule;
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::{Stack, provider, stock_client};

/// A private root, an intermediate, and a server that asks who its visitor is.
pub struct Pki {
    pub root: Ca,
    pub sub: Ca,
    pub site: Ca,
}

pub type Presented = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Pki {
    pub fn new() -> Self {
        let root = Ca::root_named("root");
        let sub = root.sub(CaSpec::new("sub"));
        Self { root, sub, site: Ca::root_named("site") }
    }

    pub fn roots(&self) -> Roots {
        Roots::from_der([self.root.der()]).unwrap()
    }

    pub fn edge(&self, eku: Eku) -> Leaf {
        let spec = LeafSpec::new("edge").dns("edge.example").uri("spiffe://example.org/edge");
        self.sub.leaf(spec.ip([192, 0, 2, 1]).eku(eku))
    }

    pub fn relaxed(&self, is_mandatory: bool) -> PeerVerifierBuilder<ClientPeerVerifier> {
        let builder = ClientPeerVerifier::builder(self.roots(), &provider())
            .eku_policy(EkuPolicy::ignore())
            .relax_for(rule("dns:edge.example"));
        match is_mandatory {
            true => builder,
            false => builder.allow_unauthenticated(),
        }
    }

    /// How it ended at the server, and what the visitor was answered.
    pub fn visit(
        &self,
        stack: &Stack,
        clients: &ClientPeerVerifier,
        visitor: Option<Presented>,
    ) -> (Result<(), Error>, Result<String, Error>) {
        let home = self.site.leaf(LeafSpec::new("site").dns("site.example"));
        let (chain, key) = home.credentials(&[]);
        let credentials = Credentials::from_der(chain, key, &stack.provider).unwrap();
        let slot = ServerSlot::builder().time_provider(Arc::new(Clock::default()));
        let slot = slot.build_with(credentials).unwrap();
        let mut server = server_config(&stack.provider, slot, clients.clone()).unwrap();
        server.time_provider = Arc::new(Clock::default());
        let client = stock_client(&stack.provider, &[stack.version], &[self.site.der()], visitor);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        thread::scope(|scope| {
            let server = scope.spawn(|| serve(server, clients, accepted));
            let answer = ask(client, tcp);
            (server.join().unwrap(), answer)
        })
    }
}

/// The handler: who is it?
fn serve(
    config: ServerConfig,
    clients: &ClientPeerVerifier,
    mut tcp: TcpStream,
) -> Result<(), Error> {
    let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
    let mut tls = Stream::new(&mut connection, &mut tcp);
    let served = tls.read_exact(&mut [0]).and_then(|()| {
        let answer = match clients.verify(tls.conn.peer_certificates(), unix(NOW)) {
            Ok(peer) => describe(&peer),
            Err(refusal) => format!("{:?}: {refusal}", refusal.class()),
        };
        tls.write_all(answer.as_bytes())?;
        tls.conn.send_close_notify();
        tls.flush()
    });
    hang_up(&mut tcp);
    served.map_err(tls_error)
}

fn describe(peer: &VerifiedPeer) -> String {
    let names: Vec<_> = peer.alt_names().iter().map(ToString::to_string).collect();
    let eku = match peer.eku().violation() {
        None => "as it should be".into(),
        Some(violation) => violation.to_string(),
    };
    format!(
        "{} {}, path {}, root {}: {eku}",
        peer.role(),
        names.join(" "),
        peer.path().len(),
        peer.anchor()
    )
}

/// The visitor: says one byte and reads the answer.
fn ask(config: ClientConfig, mut tcp: TcpStream) -> Result<String, Error> {
    let name = ServerName::try_from("site.example").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut tls = Stream::new(&mut connection, &mut tcp);
    let mut answer = String::new();
    let asked = tls.write_all(b"?").and_then(|()| tls.read_to_string(&mut answer));
    hang_up(&mut tcp);
    asked.map(|_| answer).map_err(tls_error)
}

/// Unread bytes in a socket that is closed would become a RST, which eats alerts.
fn hang_up(tcp: &mut TcpStream) {
    let _ = tcp.shutdown(Shutdown::Write);
    let _ = io::copy(tcp, &mut io::sink());
}

fn tls_error(error: io::Error) -> Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    inner.cloned().unwrap_or_else(|| Error::General(format!("below TLS: {error}")))
}
