//! Lines as the script of the page draws them anew, with zoom and cursor: JSON within the page.

use serde_json::{Value, json};

use super::data::number;
use crate::picture::{Drawing, On, Picture, Series};
use crate::svg::classes;

/// The JSON of `picture`, if it is one of lines. It stands within a `<script>`, so nothing in it ends that.
pub(super) fn json(picture: &Picture) -> Option<String> {
    let Drawing::Lines(lines) = &picture.drawing else { return None };
    let series = lines.series.iter().zip(classes(&lines.series));
    let area = |area: &crate::picture::Area| {
        json!({"name": area.name, "on": if area.on == On::X { "x" } else { "y" }, "from": short(area.from),
            "to": area.to.map(short)})
    };
    let whole = json!({
        "x": lines.x,
        "y": lines.y,
        "series": series.map(|(series, classes)| of_series(series, &classes)).collect::<Vec<_>>(),
        "areas": lines.areas.iter().map(area).collect::<Vec<_>>(),
    });
    Some(harmless(&whole.to_string()))
}

/// JSON in which no `<` stands: neither `</script>` nor `<!--` can end or change the element that it is in.
pub(super) fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn of_series(series: &Series, classes: &str) -> Value {
    let point = |point: &crate::picture::Point| match point.interval {
        Some((low, high)) => json!([short(point.x), short(point.y), short(low), short(high)]),
        None => json!([short(point.x), short(point.y)]),
    };
    let points: Vec<Value> = series.points.iter().map(point).collect();
    json!({"name": series.name, "style": series.style, "look": classes, "points": points})
}

/// As it stands in the picture's rows; null where it is no number.
fn short(value: f64) -> Value {
    number(value).parse::<f64>().map_or(Value::Null, |value| json!(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_script_that_it_is_in() {
        let text = json!({"name": "</script><!--&"}).to_string();
        assert!(!harmless(&text).contains('<'));
        let back: Value = serde_json::from_str(&harmless(&text)).unwrap();
        assert_eq!(back["name"], "</script><!--&");
    }
}
