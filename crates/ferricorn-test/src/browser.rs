//! A headless browser, by the `WebDriver` protocol: what a page looks like to those who open it.
//!
//! Owns: the driver's process, its session, the installation of both if they are missing. Does not own: what is right.
//!
//! Chromium's driver speaks HTTP and JSON, so that no package of another language is needed.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::MetadataExt as _,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{Address, Connection};

/// What is missing if there is no [`Browser`].
pub const NEEDED: &str = "chromium and chromedriver (Debian: chromium, chromium-driver)";

const DRIVER: &str = "chromedriver";

/// How long the driver may take for one command, a cold start of the browser among them.
const LIMIT: Duration = Duration::from_secs(120);

/// What keeps the browser from asking anybody but the page's server, and what root needs.
const ARGUMENTS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-lcd-text",
    "--disable-quic",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-default-browser-check",
    "--no-first-run",
];

/// Whether the driver can be run; if not, and if this is root on Debian or its like, it is installed first.
static IS_THERE: LazyLock<bool> = LazyLock::new(|| {
    let there = || runs(Command::new(DRIVER).arg("--version"));
    let install = || {
        let apt = |words: &[&str]| {
            // A mirror that does not answer must not hold up the tests.
            let within = ["300", "apt-get", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1"];
            runs(Command::new("timeout").env("DEBIAN_FRONTEND", "noninteractive").args(within).args(words))
        };
        apt(&["update", "-qq"])
            && apt(&[
                "install",
                "-y",
                "-qq",
                "--no-install-recommends",
                "chromium",
                "chromium-driver",
                "fonts-dejavu-core",
            ])
    };
    let is_root = || fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    there() || (is_root() && install() && there())
});

fn runs(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// A browser with one page.
pub struct Browser {
    driver: Child,
    address: Address,
    session: String,
}

impl Browser {
    /// Starts one; `None` if there is none on this machine, and none can be installed.
    ///
    /// # Panics
    /// There is one, and it does not start.
    #[track_caller]
    pub fn start() -> Option<Self> {
        if !*IS_THERE {
            return None;
        }
        let mut driver = Command::new(DRIVER)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        let lines = BufReader::new(driver.stdout.take().expect("piped")).lines();
        let port =
            |line: String| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok();
        let port: u16 = lines.map_while(Result::ok).find_map(port).expect("the driver says its port");
        let mut browser = Self {
            driver,
            address: Address::parse(&format!("http://127.0.0.1:{port}")),
            session: String::new(),
        };
        let wishes = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": ARGUMENTS },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let made = browser.say("", &json!({ "capabilities": { "alwaysMatch": wishes } }));
        made["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        Some(browser)
    }

    /// Opens a page, and waits until it is loaded.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.say("/url", &json!({ "url": url }));
    }

    /// What a script of the page's returns.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.say("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The visible text of the first element that this CSS selector finds.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({selector:?})?.innerText ?? ''");
        self.run(&script).as_str().unwrap_or_default().to_owned()
    }

    /// Presses a key: a letter, `Tab` or `Enter`.
    #[track_caller]
    pub fn press(&self, key: &str) {
        let (text, code) = match key {
            "Tab" => ("", 9),
            "Enter" => ("\r", 13),
            letter => (letter, 0),
        };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code });
            self.control("Input.dispatchKeyEvent", &event);
        }
    }

    /// Shows the page in a window of this size, in pixels.
    #[track_caller]
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.control("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Shows the page to somebody who prefers dark colours, or light ones.
    #[track_caller]
    pub fn prefer_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.control("Emulation.setEmulatedMedia", &feature);
    }

    /// Everything that the console shows since it was last asked for.
    #[track_caller]
    pub fn console(&self) -> Vec<String> {
        let entries = self.say("/se/log", &json!({ "type": "browser" }));
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        entries.as_array().into_iter().flatten().map(text).collect()
    }

    /// The addresses that the page has asked for since this was last asked.
    #[track_caller]
    pub fn requests(&self) -> Vec<String> {
        let entries = self.say("/se/log", &json!({ "type": "performance" }));
        let url = |entry: &Value| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let event = &event["message"];
            let sends = event["method"] == "Network.requestWillBeSent";
            sends.then(|| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned())
        };
        entries.as_array().into_iter().flatten().filter_map(url).collect()
    }

    /// What is in the window, as a PNG.
    #[track_caller]
    pub fn picture(&self) -> Vec<u8> {
        let taken = self.control("Page.captureScreenshot", &json!({}));
        let mut decoder = Command::new("base64")
            .arg("--decode")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("base64 is there");
        let mut input = decoder.stdin.take().expect("piped");
        let text = taken["data"].as_str().expect("a picture").to_owned();
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
        let output = decoder.wait_with_output().expect("it ends");
        writer.join().expect("no panic").expect("it reads");
        output.stdout
    }

    #[track_caller]
    fn control(&self, command: &str, parameters: &Value) -> Value {
        self.say("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    #[track_caller]
    fn say(&self, path: &str, body: &Value) -> Value {
        let path = match self.session.as_str() {
            "" => "/session".to_owned(),
            session => format!("/session/{session}{path}"),
        };
        let mut connection = Connection::open_within(&self.address, LIMIT).expect("the driver listens");
        let headers = [("Content-Type", "application/json")];
        let answer =
            connection.request("POST", &path, &headers, body.to_string().as_bytes()).expect("an answer");
        let mut value: Value = serde_json::from_str(&answer.text()).expect("JSON");
        assert_eq!(answer.status, 200, "{path} {body}: {value}");
        value["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its session, and not with the driver.
        if let Ok(mut connection) = Connection::open_within(&self.address, LIMIT) {
            let path = format!("/session/{}", self.session);
            let _gone = connection.request("DELETE", &path, &[], b"");
        }
        let _gone = self.driver.kill();
        let _reaped = self.driver.wait();
    }
}
