//! Takes the README's pictures of the gallery's page, `docs/report.png` and `docs/chart.png`, in headless Chromium.
//!
//! ```text
//! cargo run -p reports --example screenshots
//! ```

use std::error::Error;
use std::path::Path;

use base64::Engine;
use serde_json::{Value, json};

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
#[allow(dead_code, reason = "the tests ask for more")]
#[path = "../tests/browser/driver.rs"]
mod driver;

use driver::{Browser, Options};

/// The page's width; a picture in a README is shown at about that.
const WIDTH: u32 = 960;

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let browser = Browser::start(&Options::default()).ok_or("there is no browser")?;
    let size = json!({ "width": WIDTH, "height": 900, "deviceScaleFactor": 1, "mobile": false });
    browser.tools("Emulation.setDeviceMetricsOverride", &size);
    browser.open(&format!("file://{}", here.join("samples/report.html").display()));
    for (name, element, most) in [("report", "body", 560.0), ("chart", "figure.live", 620.0)] {
        let path = here.join("../docs").join(name).with_extension("png");
        let bytes = taken(&browser, element, most)?;
        println!("{}: {} bytes", path.display(), bytes.len());
        std::fs::write(path, bytes)?;
    }
    Ok(())
}

/// The first such element as a picture, no higher than `most`.
fn taken(browser: &Browser, element: &str, most: f64) -> Result<Vec<u8>, Box<dyn Error>> {
    let place = browser.run(
        "const box = document.querySelector(arguments[0]).getBoundingClientRect();
         return { x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height };",
        &[element.into()],
    );
    let side = |name: &str| place[name].as_f64().ok_or("the element has no size");
    let height = side("height")?.min(most);
    let clip =
        json!({ "x": side("x")?, "y": side("y")?, "width": side("width")?, "height": height, "scale": 0.8 });
    let asked = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
    let shot: Value = browser.tools("Page.captureScreenshot", &asked);
    let data = shot["data"].as_str().ok_or("the browser took no picture")?;
    Ok(base64::engine::general_purpose::STANDARD.decode(data)?)
}
