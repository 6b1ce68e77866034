//! The page in a real browser: headless Chromium, driven through chromedriver. Debian has both (`chromium`, `chromium-driver`); where they
//! are not installed, these tests say that they are skipped.

#[macro_use]
#[path = "../../../models/tests/common/skipped.rs"]
mod skipped;
#[allow(dead_code, reason = "all of them are shown at once")]
#[path = "../sample/drawings.rs"]
mod drawings;
#[allow(dead_code, reason = "only servers are shown here")]
#[path = "../report/record_pictures/known.rs"]
mod known;
#[path = "../sample/mod.rs"]
mod sample;

mod axe;
mod charts;
mod driver;
mod hands;
mod looks;
mod opened;
mod pages;
mod pictures;
mod tables;
mod without_script;

use serde_json::{Value, json};

use driver::{Browser, Options};
use pages::Page;

/// The page of the record that has something for every picture, opened; none where there is no browser, which is said.
fn opened(options: &Options) -> Option<(Browser, Page)> {
    let browser = Browser::start(options)?;
    let page = Page::of_a_record();
    // What the browser's own first page asked for is not the page's.
    browser.open("about:blank");
    browser.log("performance");
    browser.open(&page.url());
    Some((browser, page))
}

/// A window as wide as a telephone's, a laptop's or a projector's.
fn resize(browser: &Browser, width: u32, height: u32) {
    let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    browser.tools("Emulation.setDeviceMetricsOverride", &size);
    settle(browser);
}

/// What the page is shown on (`screen`, `print`) and in which colours (`light`, `dark`).
fn emulate(browser: &Browser, media: &str, theme: &str) {
    let features = json!([{ "name": "prefers-color-scheme", "value": theme }]);
    browser.tools("Emulation.setEmulatedMedia", &json!({ "media": media, "features": features }));
    settle(browser);
}

/// Waits until the page has been laid out and drawn anew.
fn settle(browser: &Browser) {
    browser.run_async("const done = arguments[0]; requestAnimationFrame(() => setTimeout(done, 60))", &[]);
}

/// Opens all that is folded.
fn unfold(browser: &Browser) {
    browser.run("document.querySelectorAll('details').forEach((it) => { it.open = true; })", &[]);
    settle(browser);
}

/// What a script comes to.
fn number(browser: &Browser, script: &str) -> f64 {
    let value = browser.run(script, &[]);
    value.as_f64().unwrap_or_else(|| panic!("{script} came to {value}"))
}

fn text(browser: &Browser, script: &str) -> String {
    match browser.run(script, &[]) {
        Value::String(text) => text,
        other => panic!("{script} came to {other}"),
    }
}
