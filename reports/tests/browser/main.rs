//! The page in a real browser: headless Chromium, driven through chromedriver. Debian has both (`chromium`, `chromium-driver`); where they
//! are not installed, these tests say that they are skipped.

#[path = "../sample/mod.rs"]
mod sample;

mod axe;
mod driver;
mod looks;
mod opened;
mod without_script;

use std::path::PathBuf;

use reports::document::Document;
use reports::html;
use reports::language::Language;
use serde_json::{Value, json};
use tempfile::TempDir;

use driver::{Browser, Options};

/// A page of the record that has something for every picture, in a directory of its own.
struct Page {
    _directory: TempDir,
    path: PathBuf,
}

impl Page {
    fn new() -> Self {
        let document = Document::of(&sample::course::run());
        let page = html::draw_both(&document, Language::English).expect("the page can be drawn");
        let directory = tempfile::tempdir().expect("the directory for temporary files can be written");
        let path = directory.path().join("report.html");
        std::fs::write(&path, page).expect("the page can be written");
        Self { _directory: directory, path }
    }

    fn url(&self) -> String {
        format!("file://{}", self.path.display())
    }
}

/// The page, opened; none where there is no browser, which is said.
fn opened(options: &Options) -> Option<(Browser, Page)> {
    let browser = Browser::start(options)?;
    let page = Page::new();
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
