#![allow(clippy::unwrap_used, missing_docs)]

use std::net::{SocketAddr, TcpListener, TcpStream};

use ferricorn_sys::Listener;
use nix::sys::socket::{getsockopt, sockopt};

#[test]
fn accepted_sockets_have_nodelay() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let listener = Listener::tcp(address.parse().unwrap()).unwrap();
        listener.listen(16).unwrap();
        let address: SocketAddr = listener.socket_address().unwrap();
        assert_eq!(listener.address(), format!("http://{address}"));
        let _client = TcpStream::connect(address).unwrap();
        let (accepted, _) = TcpListener::from(listener.into_descriptor()).accept().unwrap();
        assert!(getsockopt(&accepted, sockopt::TcpNoDelay).unwrap());
    }
}
