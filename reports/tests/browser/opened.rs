//! The page as it opens: from a file, with no network, without a word on the console, and with charts that are there.

use serde_json::Value;

use crate::driver::{Browser, Options};
use crate::{number, opened, text};

/// Addresses that the browser asked for since it was last asked.
fn requests(browser: &Browser) -> Vec<String> {
    let message = |entry: &Value| {
        let text = entry["message"].as_str()?;
        let message: Value = serde_json::from_str(text).ok()?;
        let message = &message["message"];
        (message["method"] == "Network.requestWillBeSent")
            .then(|| message["params"]["request"]["url"].as_str().unwrap_or_default().to_owned())
    };
    browser.log("performance").iter().filter_map(message).collect()
}

#[test]
fn it_opens_from_a_file_and_asks_for_nothing_else() {
    let Some((browser, page)) = opened(&Options::default()) else { return };
    assert_eq!(text(&browser, "return document.title"), "Concurrency models compared");
    assert_eq!(requests(&browser), [page.url()]);
    assert!(
        (number(&browser, "return performance.getEntriesByType('resource').length")).abs() < f64::EPSILON
    );
}

#[test]
fn the_console_stays_empty() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    // Everything that can be pressed, pressed once.
    browser.run("document.querySelectorAll('button').forEach((button) => button.click())", &[]);
    assert_eq!(browser.log("browser"), [] as [Value; 0]);
}

#[test]
fn what_fails_in_a_page_would_be_on_the_console() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    browser.run("setTimeout(() => nothing.of.the.kind)", &[]);
    browser.run_async("setTimeout(arguments[0], 50)", &[]);
    let log = browser.log("browser");
    assert!(log.iter().any(|entry| entry["level"] == "SEVERE"), "{log:?}");
}

#[test]
fn every_drawing_has_a_size() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let sizes = browser.run(
        "document.querySelectorAll('details').forEach((it) => { it.open = true; });
         return [...document.querySelectorAll('figure.picture')].map((figure) => {
             const drawing = figure.querySelector('canvas') || figure.querySelector('svg.drawing');
             const box = drawing.getBoundingClientRect();
             const parts = [...figure.querySelectorAll('svg.drawing path, svg.drawing rect, svg.drawing text')];
             return [figure.id, drawing.tagName, box.width, box.height, parts.length];
         })",
        &[],
    );
    let sizes = sizes.as_array().unwrap();
    assert!(sizes.len() > 5, "{sizes:?}");
    for size in sizes {
        let (width, height) = (size[2].as_f64().unwrap(), size[3].as_f64().unwrap());
        assert!(width > 200.0 && height > 80.0, "{size}");
        assert!(size[4].as_u64().unwrap() > 3, "nothing is drawn in {size}");
    }
}

#[test]
fn a_chart_has_ink_on_its_canvas() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let inked = browser.run(
        "return [...document.querySelectorAll('.plot canvas')].map((canvas) => {
             const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
             let inked = 0;
             for (let i = 3; i < data.length; i += 4) inked += data[i] > 0;
             return inked;
         })",
        &[],
    );
    let inked = inked.as_array().unwrap();
    assert!(!inked.is_empty());
    assert!(inked.iter().all(|inked| inked.as_u64().unwrap() > 1_000), "{inked:?}");
}

#[test]
fn the_page_is_put_into_chinese_and_back() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let heading = "return document.querySelector('h1').textContent.trim()";
    let language = "return document.documentElement.lang";
    let press = "document.getElementById('language').click()";
    assert_eq!(
        (text(&browser, heading), text(&browser, language)),
        ("Concurrency models compared".into(), "en".into())
    );
    assert_eq!(text(&browser, "return document.getElementById('language').textContent"), "中文");
    browser.run(press, &[]);
    assert_eq!((text(&browser, heading), text(&browser, language)), ("并发模型比较".into(), "zh-CN".into()));
    // Whole sentences are, and not only headings.
    let english = "return Array.from(document.querySelectorAll('.conclusions p, figcaption'), it => it.textContent) \
        .filter(text => / (the|is|are|of|and) /.test(text)).join('\\n')";
    assert_eq!(text(&browser, english), "");
    assert_eq!(text(&browser, "return document.title"), "并发模型比较");
    assert_eq!(text(&browser, "return document.getElementById('language').textContent"), "English");
    browser.run(press, &[]);
    assert_eq!(
        (text(&browser, heading), text(&browser, language)),
        ("Concurrency models compared".into(), "en".into())
    );
}
