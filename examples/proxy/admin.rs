//! [`Admin`]: metrics, health and status over HTTP, for operators on this machine.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::drain::Drain;
use crate::metrics::Metrics;
use crate::page::{page, policy};
use crate::status::{Status, TunnelStatus};
use crate::tunnels::View;

/// What is shown, and to whom.
#[derive(Clone)]
pub struct Admin {
    pub metrics: Arc<Metrics>,
    pub tunnels: watch::Receiver<Vec<View>>,
    pub drain: Drain,
}

type Body = Full<Bytes>;

impl Admin {
    /// Answers until the process ends; while it drains, too.
    pub async fn serve(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        loop {
            let place = places.clone().acquire_owned().await;
            match listener.accept().await {
                Ok((tcp, _)) => {
                    let admin = self.clone();
                    tokio::spawn(async move {
                        let _ = timeout(LONGEST, admin.answer_all(tcp)).await;
                        drop(place);
                    });
                }
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn answer_all(self, tcp: TcpStream) {
        let Ok(own) = tcp.local_addr() else { return };
        let answer = service_fn(|request| {
            let answer = self.answer(&request, own);
            async { Ok::<_, Infallible>(answer) }
        });
        let mut http = hyper::server::conn::http1::Builder::new();
        let http = http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
        // Whoever asks may hang up.
        let _ = http.serve_connection(TokioIo::new(tcp), answer).await;
    }

    fn answer(&self, request: &Request<Incoming>, own: SocketAddr) -> Response<Body> {
        // A page elsewhere can make a browser ask here under a name of its own (DNS rebinding).
        let host = request.headers().get(HOST).map(|host| host.as_bytes());
        // RFC 9110, 7.2: the port that goes without saying is left out.
        let short = own.to_string();
        let short = short.strip_suffix(":80").unwrap_or(&short);
        if host != Some(own.to_string().as_bytes()) && host != Some(short.as_bytes()) {
            let needed = format!("this is answered under http://{own}/ only, by no other name\n");
            return text(StatusCode::MISDIRECTED_REQUEST, &needed);
        }
        if request.method() != Method::GET {
            return text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
        }
        match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" if self.drain.is_closing() => {
                text(StatusCode::SERVICE_UNAVAILABLE, "draining\n")
            }
            "/readyz" => text(StatusCode::OK, "ready\n"),
            "/metrics" => {
                let tunnels = self.tunnels.borrow();
                of_type(OPEN_METRICS, self.metrics.text(tunnels.iter().map(|it| &*it.tunnel)))
            }
            "/" => match page(&self.status()) {
                Ok(page) => {
                    let mut response = of_type("text/html; charset=utf-8", page);
                    // A hash and words, all of them ASCII.
                    if let Ok(policy) = HeaderValue::from_str(&policy()) {
                        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
                    }
                    response
                }
                Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            },
            "/status.json" => match serde_json::to_string_pretty(&self.status()) {
                Ok(json) => of_type("application/json", json),
                Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            },
            _ => text(
                StatusCode::NOT_FOUND,
                "/, /healthz, /readyz, /metrics and /status.json are here\n",
            ),
        }
    }

    fn status(&self) -> Status {
        let tunnels = self.tunnels.borrow();
        let tunnels = tunnels.iter().map(|it| TunnelStatus::of(&it.tunnel, it.listening)).collect();
        Status { at: time::OffsetDateTime::now_utc(), tunnels }
    }
}

fn text(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = of_type("text/plain; charset=utf-8", text.to_owned());
    *response.status_mut() = status;
    response
}

fn of_type(content_type: &'static str, content: String) -> Response<Body> {
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const MOST_CONNECTIONS: usize = 64;
/// For one connection, whatever it asks for.
const LONGEST: Duration = Duration::from_secs(60);
