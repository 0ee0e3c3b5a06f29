//! Certificates: who may vouch for a far end, and who the hub is to it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tebura_egress::{Binding, BindingConfig, BindingError, Tls, TlsError};
use tebura_hub::rail::Effect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use zeroize::Zeroizing;

use crate::far_end::{call, config, ok, send, word};

/// A CA of nobody's, and what it signed for `localhost`: certificate and key.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Authority {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap(), key)
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// The hub's certificate and key, as one file.
    fn identity(&self) -> Zeroizing<String> {
        let (certificate, key) = self.sign("hub");
        Zeroizing::new(certificate.pem() + &key.serialize_pem())
    }
}

/// A far end under TLS that answers 200; it asks for a certificate of `clients` where there are any.
async fn serve(server: &Authority, clients: Option<&Authority>) -> String {
    let (certificate, key) = server.sign("localhost");
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = match clients {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
    };
    let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&ok("hello")).await;
            let _ = stream.shutdown().await;
        }
    });
    origin
}

fn with(origin: &str, tls: Tls) -> BindingConfig {
    BindingConfig { tls, ..config(origin.to_owned()) }
}

async fn outcome(origin: &str, tls: Tls) -> String {
    word(&send(with(origin, tls), call(Effect::Once)).await)
}

#[tokio::test]
async fn only_the_named_authority_vouches_for_the_far_end() {
    let (bank, stranger) = (Authority::new(), Authority::new());
    let origin = serve(&bank, None).await;
    assert_eq!(outcome(&origin, Tls { roots: Some(bank.pem()), identity: None }).await, "reply 200");
    assert_eq!(outcome(&origin, Tls { roots: Some(stranger.pem()), identity: None }).await, "not delivered");
}

#[tokio::test]
async fn a_certificate_for_another_name_delivers_nothing() {
    let bank = Authority::new();
    let origin = serve(&bank, None).await.replace("localhost", "127.0.0.1");
    assert_eq!(outcome(&origin, Tls { roots: Some(bank.pem()), identity: None }).await, "not delivered");
}

#[tokio::test]
async fn a_far_end_that_asks_who_calls_is_shown_the_hubs_certificate() {
    let (bank, hubs, stranger) = (Authority::new(), Authority::new(), Authority::new());
    let origin = serve(&bank, Some(&hubs)).await;
    let shown = |identity| Tls { roots: Some(bank.pem()), identity };
    assert_eq!(outcome(&origin, shown(Some(hubs.identity()))).await, "reply 200");
    // The handshake of TLS 1.3 ends for the hub before the far end has looked: what it sent may have arrived.
    for refused in [shown(None), shown(Some(stranger.identity()))] {
        assert_ne!(outcome(&origin, refused).await, "reply 200");
    }
}

#[test]
fn what_is_no_certificate_is_refused_before_any_call() {
    let refusal = |origin: &str, tls| Binding::new(with(origin, tls)).err();
    let roots = |text: &str| Tls { roots: Some(text.to_owned()), identity: None };
    let identity = |text: &str| Tls { roots: None, identity: Some(Zeroizing::new(text.to_owned())) };
    let authority = Authority::new();
    let https = "https://localhost:1";
    assert_eq!(refusal(https, roots("nothing")), Some(BindingError::Tls(TlsError::Roots)));
    assert_eq!(refusal(https, identity(&authority.pem())), Some(BindingError::Tls(TlsError::Identity)));
    assert_eq!(refusal("http://localhost:1", roots(&authority.pem())), Some(BindingError::Tls(TlsError::NotHttps)));
    let shown = format!("{:?}", identity("BEGIN SECRET"));
    assert!(!shown.contains("SECRET"), "{shown}");
}
