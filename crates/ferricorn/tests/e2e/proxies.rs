//! What stands between a client and the service: headers of proxies, and offers that proxies and clients make.

use std::net::SocketAddr;

use ferricorn_test::{Address, Builder, Server, http::Connection, turn};

use crate::ferricorn;

/// Tells who asks, and gives the body back.
const APP: &str = r#"
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    client = (scope["client"] or ("-",))[0]
    answer = f"{scope['scheme']} {client} ".encode() + body
    headers = [(b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
"#;

const FORWARDED: [(&str, &str); 2] = [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https")];

fn over_unix(line: &str) -> Server {
    let builder = ferricorn().app(APP).no_bind();
    let path = builder.folder().join("app.sock");
    builder.args(["--bind", &format!("unix:{}", path.display())]).line(line).serve(1)
}

fn seen(address: &Address) -> String {
    let mut connection = Connection::open(address).expect("a connection");
    connection.request("GET", "/", &FORWARDED, b"").expect("an answer").text()
}

#[test]
fn a_proxy_on_a_unix_socket_is_trusted() {
    let _turn = turn::together();
    for line in
        ["--loop asyncio", "--loop uvloop", "--forwarded-allow-ips 10.0.0.1", "--forwarded-allow-ips *"]
    {
        let server = over_unix(&format!("{line} --access-logfile - --access-logformat %(h)s"));
        assert_eq!(seen(&server.address()), "https 203.0.113.9 ", "{line}");
        server.wait_for_line("203.0.113.9", ferricorn_test::PATIENCE);
        server.finish();
    }
}

#[test]
fn a_proxy_on_a_unix_socket_is_not_trusted_where_nobody_is() {
    let _turn = turn::together();
    for arguments in [vec!["--no-proxy-headers"], vec!["--forwarded-allow-ips", ""]] {
        let builder = ferricorn().app(APP).no_bind();
        let path = builder.folder().join("app.sock");
        let server = builder.args(["--bind", &format!("unix:{}", path.display())]).args(&arguments).serve(1);
        assert_eq!(seen(&server.address()), "http - ", "{arguments:?}");
        server.finish();
    }
}

/// The service on `[::]`, as IPv4 clients reach it.
fn on_both_families(builder: Builder) -> (Server, Address) {
    let server = builder.app(APP).no_bind().line("--bind [::]:0").serve(1);
    let address = SocketAddr::from(([127, 0, 0, 1], server.address().port()));
    (server, Address::Tcp(address))
}

#[test]
fn a_proxy_that_comes_by_ipv4_to_a_socket_of_ipv6_is_known_by_its_address() {
    let _turn = turn::together();
    for line in ["", "--forwarded-allow-ips 127.0.0.0/8", "--loop uvloop --http h11"] {
        let (server, address) = on_both_families(ferricorn().line(line));
        assert_eq!(seen(&address), "https 203.0.113.9 ", "{line}");
        server.finish();
    }
    let (server, address) = on_both_families(ferricorn().line("--forwarded-allow-ips 10.0.0.1"));
    assert_eq!(seen(&address), "http ::ffff:127.0.0.1 ");
    server.finish();
}

#[test]
fn an_offer_of_http_2_is_declined_and_its_request_served() {
    let _turn = turn::together();
    let offer = [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"),
    ];
    for line in
        ["--http httptools --loop uvloop", "--http httptools --loop asyncio", "--http h11 --loop uvloop"]
    {
        let server = ferricorn().app(APP).line(line).serve(1);
        let mut connection = server.connect();
        for _ in 0..2 {
            let answer = connection.request("POST", "/", &offer, b"a body").expect("an answer");
            assert_eq!((answer.status, answer.text().as_str()), (200, "http 127.0.0.1 a body"), "{line}");
        }
        connection.get("/").expect("the connection goes on");
        assert_eq!(server.log().count("WARNING"), 0, "{line}");
        server.finish();
    }
}
