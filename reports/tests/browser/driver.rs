//! A browser and its driver: started on free ports, ended whatever happens. The protocol is the W3C's `WebDriver`, in plain HTTP.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

const DRIVER: &str = "/usr/bin/chromedriver";
const BROWSER: &str = "/usr/bin/chromium";
/// How long anything that is asked for may take: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// So many browsers at a time: each takes some hundred megabytes, and mostly waits.
const AT_ONCE: usize = 3;

/// A place among those browsers, given back when this is dropped.
struct Place;

static TAKEN: Mutex<usize> = Mutex::new(0);
static GIVEN_BACK: Condvar = Condvar::new();

impl Place {
    fn wait_for_one() -> Self {
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |taken: &mut usize| *taken >= AT_ONCE;
        *GIVEN_BACK.wait_while(taken, full).unwrap_or_else(PoisonError::into_inner) += 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        GIVEN_BACK.notify_one();
    }
}

/// How a browser is to be.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Whether pages may run scripts; by default they may.
    pub(crate) without_script: bool,
}

/// A browser with one window. It is ended when this is dropped, also by a panic.
pub(crate) struct Browser {
    agent: ureq::Agent,
    session: String,
    driver: Child,
    profile: TempDir,
    _place: Place,
}

impl Browser {
    /// Starts one; none where it is not installed, which is said.
    pub(crate) fn start(options: &Options) -> Option<Self> {
        if !Path::new(DRIVER).exists() || !Path::new(BROWSER).exists() {
            skipped!("install chromium and chromium-driver to try the page in a browser");
            return None;
        }
        let place = Place::wait_for_one();
        let profile = tempfile::tempdir().expect("the directory for temporary files can be written");
        let mut driver = Command::new(DRIVER)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver can be started");
        let said = lines(&mut driver);
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        let mut browser =
            Self { agent: config.build().into(), session: String::new(), driver, profile, _place: place };
        let port = port(&said);
        browser.session = format!("http://127.0.0.1:{port}/session");
        let made = browser.post("", &capabilities(browser.profile.path(), options));
        let id = made["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}"));
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    /// Goes to a page and waits until it has loaded.
    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// What a function of this body returns in the page.
    pub(crate) fn run(&self, body: &str, arguments: &[Value]) -> Value {
        self.post("/execute/sync", &json!({ "script": body, "args": arguments }))
    }

    /// The same of a function that calls its last argument when it is done.
    pub(crate) fn run_async(&self, body: &str, arguments: &[Value]) -> Value {
        self.post("/execute/async", &json!({ "script": body, "args": arguments }))
    }

    /// A command of the browser's developer tools.
    pub(crate) fn tools(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// What a log (`browser`, `performance`) holds since it was last asked for.
    pub(crate) fn log(&self, name: &str) -> Vec<Value> {
        let entries = self.post("/se/log", &json!({ "type": name }));
        entries.as_array().cloned().unwrap_or_else(|| panic!("no log: {entries}"))
    }

    /// The page as a printer gets it: a PDF in base 64.
    pub(crate) fn print(&self) -> String {
        let printed = self.post("/print", &json!({}));
        printed.as_str().unwrap_or_else(|| panic!("nothing was printed: {printed}")).to_owned()
    }

    /// Asks the driver for something and takes its answer, which must not be an error.
    pub(crate) fn post(&self, what: &str, body: &Value) -> Value {
        let mut reply = self
            .agent
            .post(format!("{}{what}", self.session))
            .send_json(body)
            .unwrap_or_else(|error| panic!("{what}: chromedriver does not answer: {error}"));
        let mut answer: Value =
            reply.body_mut().read_json().unwrap_or_else(|error| panic!("{what}: no JSON: {error}"));
        let value = answer["value"].take();
        assert!(
            value["error"].is_null()
                || !reply.status().is_client_error() && !reply.status().is_server_error(),
            "{what}: {value}"
        );
        value
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser; without a session there is none.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        end_those_of(self.profile.path());
    }
}

/// Ends what still runs with this profile, which nobody else has: a browser whose driver did not come to end it.
fn end_those_of(profile: &Path) {
    let profile = profile.display().to_string();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = process.file_name();
        let Some(id) = name.to_str().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) else {
            continue;
        };
        let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&command).contains(&format!("--user-data-dir={profile}")) {
            let _ = Command::new("kill").args(["-KILL", id]).stderr(Stdio::null()).status();
        }
    }
}

fn capabilities(profile: &Path, options: &Options) -> Value {
    let mut arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
        // No name is found, so nothing can be asked for from anywhere.
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    let scripts = if options.without_script { 2 } else { 1 };
    let chrome = json!({
        "binary": BROWSER,
        "args": arguments,
        "prefs": { "profile.managed_default_content_settings.javascript": scripts },
    });
    let always = json!({
        "browserName": "chrome",
        "goog:chromeOptions": chrome,
        "timeouts": { "script": PATIENCE.as_millis() as u64 },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    });
    json!({ "capabilities": { "alwaysMatch": always } })
}

/// What a process prints, line by line, taken by a thread that ends with the process.
fn lines(process: &mut Child) -> Receiver<String> {
    let output = process.stdout.take().expect("its output is taken");
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Once nobody listens it is read all the same, so that the driver does not have to wait.
            let _ = send.send(line);
        }
    });
    receive
}

/// The port that the driver found for itself: `ChromeDriver was started successfully on port 40123.`
fn port(said: &Receiver<String>) -> u16 {
    loop {
        let line = said.recv_timeout(PATIENCE).expect("chromedriver says on which port it listens");
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return port.trim_end_matches('.').parse().expect("a port is a number");
        }
    }
}
