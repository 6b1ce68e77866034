//! A hand on the mouse and one on the keyboard: what they do goes through the driver, so the browser takes it as from a person.

use serde_json::{Value, json};

use crate::driver::Browser;

/// A place in the window, from the left and from the top, in CSS pixels.
pub(crate) type Place = (f64, f64);

/// Keys that have no character, as `WebDriver` names them.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
pub(crate) const LEFT: &str = "\u{e012}";
pub(crate) const RIGHT: &str = "\u{e014}";

fn go((x, y): Place) -> Value {
    json!({ "type": "pointerMove", "duration": 60, "origin": "viewport", "x": x.round(), "y": y.round() })
}

fn down() -> Value {
    json!({ "type": "pointerDown", "button": 0 })
}

fn up() -> Value {
    json!({ "type": "pointerUp", "button": 0 })
}

/// Goes to a place with the mouse.
pub(crate) fn hover(browser: &Browser, at: Place) {
    // Whatever stands still has not been moved over.
    mouse(browser, &[go((at.0 + 2.0, at.1)), go(at)]);
}

/// Drags with the first button from one place to another.
pub(crate) fn drag(browser: &Browser, from: Place, to: Place) {
    let middle = (f64::midpoint(from.0, to.0), to.1);
    mouse(browser, &[go(from), down(), go(middle), go(to), up()]);
}

/// Presses the first button.
pub(crate) fn click(browser: &Browser, at: Place) {
    mouse(browser, &[go(at), down(), up()]);
}

/// Presses it twice.
pub(crate) fn double_click(browser: &Browser, at: Place) {
    mouse(browser, &[go(at), down(), up(), down(), up()]);
}

fn mouse(browser: &Browser, steps: &[Value]) {
    let mouse = json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": steps });
    browser.post("/actions", &json!({ "actions": [mouse] }));
}

/// Presses a key.
pub(crate) fn press(browser: &Browser, key: &str) {
    let steps = ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key }));
    let keys = json!({ "type": "key", "id": "keyboard", "actions": steps });
    browser.post("/actions", &json!({ "actions": [keys] }));
}

/// Where the middle of the first such element is, once it has been brought into the window.
pub(crate) fn place_of(browser: &Browser, selector: &str) -> Place {
    let found = browser.run(
        "const it = document.querySelector(arguments[0]);
         it.scrollIntoView({ block: 'center', behavior: 'instant' });
         const box = it.getBoundingClientRect();
         return [box.x + box.width / 2, box.y + box.height / 2];",
        &[selector.into()],
    );
    let side = |place: usize| found[place].as_f64().unwrap_or_else(|| panic!("{selector} is at {found}"));
    (side(0), side(1))
}
