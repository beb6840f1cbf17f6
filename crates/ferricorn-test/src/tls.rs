//! TLS for the tests: a certificate that each run makes for itself, and a client that trusts it alone.
//!
//! Owns: the one certificate of a test process, and the connections over it. The handshake takes place with the first
//! write, so that a server that does not answer it is judged as one that does not answer a request.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring};

const NAME: &str = "localhost";

struct Made {
    certificate: String,
    key: String,
    client: Arc<ClientConfig>,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate can be made");
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a certificate that was just made can be trusted");
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Made { certificate: made.cert.pem(), key: made.signing_key.serialize_pem(), client: Arc::new(client) }
});

/// Writes the certificate and its key to a folder, and gives their paths.
pub fn write_certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&certificate, &MADE.certificate).expect("the folder can be written");
    fs::write(&key, &MADE.key).expect("the folder can be written");
    (certificate, key)
}

/// Writes another certificate, and its key, over those of [`write_certificate`]: one that the tests' client does not trust.
pub fn write_another_certificate(folder: &Path) {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate can be made");
    fs::write(folder.join("cert.pem"), made.cert.pem()).expect("the folder can be written");
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("the folder can be written");
}

/// Speaks TLS over a connection.
pub(crate) fn over(stream: TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
    let name = NAME.try_into().expect("a name");
    let client = ClientConnection::new(Arc::clone(&MADE.client), name).expect("the client can begin");
    StreamOwned::new(client, stream)
}
