//! The secure half: a receiver with a certificate of its own. (Plain HTTP is in the integration tests.)

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;

/// A receiver that takes one call; its URL, its certificate, and what it will have read.
async fn receiver(name: &str) -> (String, CertificateDer<'static>, tokio::task::JoinHandle<String>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/hooks?x=1", listener.local_addr().unwrap().port());
    let seen = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let Ok(mut tls) = TlsAcceptor::from(Arc::new(config)).accept(tcp).await else { return String::new() };
        let mut seen = vec![0; 4_096];
        let mut n = 0;
        while !seen[..n].ends_with(b"{}") {
            n += tls.read(&mut seen[n..]).await.unwrap();
        }
        tls.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        tls.shutdown().await.unwrap();
        String::from_utf8_lossy(&seen[..n]).into_owned()
    });
    (url, certificate, seen)
}

async fn call(url: &str, trusted: Option<CertificateDer<'static>>) -> Result<Answer, CallError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(trusted);
    let caller = Caller::trusting(Guard::new(true), roots);
    caller.post(url, &[("webhook-id", "msg_1".to_owned())], Bytes::from_static(b"{}")).await
}

#[tokio::test]
async fn a_receiver_with_a_trusted_certificate_is_called_by_its_name() {
    let (url, certificate, seen) = receiver("localhost").await;
    let answer = call(&url, Some(certificate)).await.unwrap();
    assert_eq!(answer.status, 204);
    let seen = seen.await.unwrap();
    let port = url.split(':').nth(2).unwrap().split('/').next().unwrap();
    assert!(seen.starts_with("POST /hooks?x=1 HTTP/1.1\r\n"), "{seen}");
    for header in [format!("host: localhost:{port}"), "webhook-id: msg_1".into(), "content-length: 2".into()] {
        assert!(seen.contains(&format!("{header}\r\n")), "no '{header}' in {seen}");
    }
}

#[tokio::test]
async fn a_receiver_that_nobody_vouches_for_is_told_nothing() {
    let (url, _, seen) = receiver("localhost").await;
    let refused = call(&url, None).await.unwrap_err();
    assert!(matches!(refused, CallError::Tls(_)), "{refused}");
    assert_eq!(seen.await.unwrap(), "");
    let (url, certificate, seen) = receiver("other.example").await;
    let refused = call(&url, Some(certificate)).await.unwrap_err();
    assert!(matches!(refused, CallError::Tls(_)), "{refused}");
    assert_eq!(seen.await.unwrap(), "");
}
