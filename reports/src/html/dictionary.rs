//! The texts of a page in its other language, as its script looks them up.

use std::collections::{BTreeMap, BTreeSet};

use super::pairs::{HEADING, looked_up};
use super::{chart, texts};
use crate::document::Document;

/// `dictionary` for the page of `document` as JSON; none where there is nothing in it. Of `document` the page shows only what
/// `on_page` has, and names what it has `left_out`: what is not on the page need not be looked up.
pub(super) fn json(
    dictionary: &BTreeMap<String, String>,
    document: &Document,
    on_page: &Document,
    left_out: &[&str],
) -> Option<String> {
    if dictionary.is_empty() {
        return None;
    }
    let mut dictionary = dictionary.clone();
    if !left_out.is_empty() {
        let (all, shown) = (looked_up(document), looked_up(on_page));
        let is_needless =
            |text: &str| all.contains(text) && !shown.contains(text) && !left_out.contains(&text);
        dictionary.retain(|text, _| !is_needless(text.trim_start_matches(HEADING)));
    }
    // A map of texts is JSON whatever stands in it.
    let json = serde_json::to_string(&keyed(&dictionary, &texts(on_page))).unwrap_or_default();
    Some(chart::harmless(&json))
}

/// The dictionary with short keys: the page has every text once already, and need not have it again to look it up. A key that two
/// texts of the page have, which hardly ever happens, is left out, so that none of them becomes the other's translation.
fn keyed<'d>(dictionary: &'d BTreeMap<String, String>, all: &BTreeSet<String>) -> BTreeMap<String, &'d str> {
    let mut texts: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for text in dictionary.keys().chain(all) {
        texts.entry(key(text)).or_default().insert(text);
    }
    let own = dictionary.iter().map(|(text, other)| (key(text), &**other));
    own.filter(|(key, _)| texts[key].len() == 1).collect()
}

/// FNV-1a of 32 bits over the text's UTF-16 code units, as the script counts them, in hexadecimal digits. Source: G. Fowler,
/// L. C. Noll, K.-P. Vo, D. Eastlake, The FNV Non-Cryptographic Hash Algorithm.
fn key(text: &str) -> String {
    let hash = text
        .encode_utf16()
        .fold(0x811c_9dc5_u32, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193));
    format!("{hash:x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_key_that_others_compute_for_it() {
        // The published test vectors of FNV-1a: of ASCII the code units are the bytes.
        assert_eq!([key(""), key("a"), key("foobar")], ["811c9dc5", "e40c292c", "bf9cf968"]);
    }
}
