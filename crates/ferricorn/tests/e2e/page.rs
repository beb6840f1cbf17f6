//! The status page as those see it who open it: in a real browser, while something happens to the service.
//!
//! `FERRICORN_TEST_PICTURES=docs/assets` lets it write the pictures of the guide there.

use std::{
    env, fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use ferricorn_test::{
    Address, Browser, Connection, PATIENCE, Server, browser, eventually, http, processes, repository, skip,
    turn,
};
use nix::sys::signal::Signal;

use crate::ferricorn;

const APP: &str = r#"
import asyncio

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"].endswith("shutdown"):
                return
    _, what, how = (scope["path"] + "//").split("/")[:3]
    if what == "sleep":
        await asyncio.sleep(float(how))
    code = int(how) if what == "code" else 200
    await send({"type": "http.response.start", "status": code, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"#;

/// The smallest contrast between any text that is shown and its ground, by the formula of the Web Content Accessibility
/// Guidelines.
const CONTRAST: &str = r#"
const numbers = color => color.match(/[\d.]+/g).map(Number);
const light = color => numbers(color).slice(0, 3).map(part => part / 255)
  .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((all, part, place) => all + part * [0.2126, 0.7152, 0.0722][place], 0);
const ground = element => {
  for (let it = element; it; it = it.parentElement) {
    const color = getComputedStyle(it).backgroundColor;
    if ((numbers(color)[3] ?? 1) > 0) return color;
  }
  return "rgb(255, 255, 255)";
};
const shown = [...document.querySelectorAll("main *")].filter(element => element.checkVisibility()
  && [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()));
return Math.min(...shown.map(element => {
  const [one, other] = [light(getComputedStyle(element).color), light(ground(element))];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}));
"#;

/// Where the endpoint of a service is.
fn endpoint(server: &Server) -> Address {
    let line = server.wait_for_line("Metrics at: ", PATIENCE).text;
    Address::parse(line.split("Metrics at: ").nth(1).expect("an address").trim())
}

/// The value of one of the tiles at the top of the page.
fn tile(browser: &Browser, name: &str) -> String {
    let script = format!(
        "return [...document.querySelectorAll('.tile')].find(it => it.querySelector('dt').innerText === {name:?})\
         ?.querySelector('dd').innerText ?? ''"
    );
    browser.run(&script).as_str().unwrap_or_default().to_owned()
}

/// Asks for things that take different times and end differently, until it is told to stop.
fn load(address: &Address) -> (Arc<AtomicBool>, thread::JoinHandle<()>) {
    let over = Arc::new(AtomicBool::new(false));
    let (address, stop) = (address.clone(), Arc::clone(&over));
    let asks = thread::spawn(move || {
        let paths = ["/", "/", "/sleep/0.01", "/code/404", "/", "/sleep/0.03", "/code/503", "/"];
        let mut connection = None;
        for path in paths.into_iter().cycle() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            // A worker is killed meanwhile, and its connection with it.
            let open = connection.take().or_else(|| Connection::open(&address).ok());
            connection = open.and_then(|mut open| {
                let answered = open.get(path).ok()?;
                (!answered.closes()).then_some(open)
            });
            thread::sleep(Duration::from_millis(2));
        }
    });
    (over, asks)
}

/// Keeps a picture for the guide, if that is wanted.
fn keep_picture(browser: &Browser, name: &str) {
    let Some(folder) = env::var_os("FERRICORN_TEST_PICTURES") else { return };
    let picture = browser.picture();
    assert!(picture.len() < 100_000, "{name} has {} bytes", picture.len());
    fs::write(repository().join(Path::new(&folder)).join(name), picture).expect("written");
}

/// The page has troubled nobody: neither those who look at the console, nor a server elsewhere.
#[track_caller]
fn assert_quiet(browser: &Browser, origin: &str) {
    assert_eq!(browser.console(), Vec::<String>::new());
    let requests = browser.requests();
    assert!(requests.len() > 3, "the page asks every second: {requests:?}");
    let foreign: Vec<_> =
        requests.iter().filter(|url| !url.starts_with(origin) && !url.starts_with("data:")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn the_status_page_shows_in_a_browser_what_happens() {
    let _turn = turn::together();
    let Some(browser) = Browser::start() else { return skip(browser::NEEDED) };
    let server = ferricorn()
        .app(APP)
        .line("--workers 2 --name shop --metrics-bind 127.0.0.1:0")
        .expect_error("was sent SIGKILL")
        .serve(2);
    let origin = format!("http://127.0.0.1:{}/", endpoint(&server).port());
    browser.resize(800, 700);
    browser.prefer_dark(false);
    browser.open(&format!("{origin}status"));
    eventually(PATIENCE, "the page says how the service is", || browser.text("#state") == "ready");
    assert_eq!(tile(&browser, "Workers"), "2 of 2");
    assert_eq!(tile(&browser, "p99"), "–");
    let (over, asks) = load(&server.address());
    let mut rates = Vec::new();
    eventually(PATIENCE, "the rate moves", || {
        rates.push(tile(&browser, "Requests per second"));
        rates.dedup();
        rates.len() > 4
    });
    eventually(PATIENCE, "the percentiles are there", || tile(&browser, "p99").ends_with('s'));
    eventually(PATIENCE, "errors are there", || !["0 %", ""].contains(&&*tile(&browser, "Errors (5xx)")));
    let victim = server.workers()[0];
    processes::signal(victim, Signal::SIGKILL);
    eventually(PATIENCE, "the death is there", || browser.text("#deaths").contains("was sent SIGKILL"));
    eventually(PATIENCE, "its place is taken", || tile(&browser, "Workers") == "2 of 2");
    assert!(browser.text("#lives").contains(&victim.to_string()), "its life is still shown");
    if env::var_os("FERRICORN_TEST_PICTURES").is_some() {
        // A picture of a line is better than one of a dot.
        thread::sleep(Duration::from_secs(40));
    }

    let ground = || browser.run("return getComputedStyle(document.body).backgroundColor");
    let light = ground();
    let contrast = || browser.run(CONTRAST).as_f64().expect("a number");
    assert!(contrast() >= 4.5, "in light colours: {}", contrast());
    keep_picture(&browser, "status-light.png");
    browser.prefer_dark(true);
    assert_ne!(ground(), light, "dark colours");
    assert!(contrast() >= 4.5, "in dark colours: {}", contrast());
    keep_picture(&browser, "status-dark.png");

    for width in [400, 320] {
        browser.resize(width, 800);
        let wide = browser.run("return document.documentElement.scrollWidth").as_u64().expect("pixels");
        assert!(wide <= u64::from(width), "{wide} pixels in a window of {width}");
        let cut = "return [...document.querySelectorAll('.tile dt, .tile dd, h1, h2')]
            .filter(it => it.scrollWidth > it.clientWidth + 1).map(it => it.innerText)";
        assert_eq!(browser.run(cut), serde_json::json!([]), "at {width}");
    }
    browser.resize(400, 800);
    keep_picture(&browser, "status-phone.png");

    // By keyboard: the first stop is the button, and a letter does the same from anywhere.
    browser.press("Tab");
    assert_eq!(browser.run("return document.activeElement.id"), "pause");
    browser.press("p");
    assert_eq!(browser.text("#pause"), "Go on");
    browser.press("p");
    assert_eq!(browser.text("#pause"), "Pause");

    over.store(true, Ordering::Relaxed);
    asks.join().expect("no panic");
    eventually(PATIENCE, "the rate falls to nothing", || tile(&browser, "Requests per second") == "0");
    assert_quiet(&browser, &origin);
    server.finish();
}

#[test]
fn the_status_page_asks_for_the_token_first_and_shows_requests_to_those_who_have_it() {
    let _turn = turn::together();
    let Some(browser) = Browser::start() else { return skip(browser::NEEDED) };
    let builder = ferricorn().app(APP);
    fs::write(builder.folder().join("token"), "s3cret\n").expect("written");
    let server = builder.line("--workers 1 --metrics-bind 127.0.0.1:0 --metrics-token-file token").serve(1);
    let address = server.address();
    let slow = thread::spawn(move || http::get(&address, "/sleep/8?card=4111").expect("an answer").status);
    let origin = format!("http://127.0.0.1:{}/", endpoint(&server).port());
    browser.open(&format!("{origin}status"));
    eventually(PATIENCE, "it asks", || browser.run("return document.querySelector('#ask').open") == true);
    for key in ["s", "3", "c", "r", "e", "t", "Enter"] {
        browser.press(key);
    }
    eventually(PATIENCE, "it is let in", || browser.text("#state") == "ready");
    eventually(PATIENCE, "the request is shown", || browser.text("#requests").contains("/sleep/8"));
    let page = browser.run("return document.documentElement.outerHTML").to_string();
    assert!(!page.contains("4111") && !page.contains("s3cret"), "{page}");
    assert_eq!(slow.join().expect("no panic"), 200);
    eventually(PATIENCE, "it is over", || browser.text("#requests").is_empty());
    assert_quiet(&browser, &origin);
    server.finish();
}
