//! A picture in another language.

use super::Language;
use crate::picture::{Area, Axis, Bar, Bars, Drawing, Heat, Lines, Picture, Row, Series, Tracks};

impl Picture {
    /// The picture in `language`: its title, its sentence, its axes and whatever has a name in words.
    #[must_use]
    pub fn translated(self, language: Language) -> Self {
        if language == Language::English {
            return self;
        }
        let text = |text: &str| language.of(text).into_owned();
        Self {
            title: text(&self.title),
            notice: text(&self.notice),
            drawing: drawing_in(language, self.drawing),
            id: self.id,
        }
    }
}

fn drawing_in(language: Language, drawing: Drawing) -> Drawing {
    match drawing {
        Drawing::Lines(lines) => Drawing::Lines(lines_in(language, lines)),
        Drawing::Bars(bars) => Drawing::Bars(bars_in(language, bars)),
        Drawing::Heat(heat) => {
            let (x, y) = (axis_in(language, &heat.x), axis_in(language, &heat.y));
            Drawing::Heat(Heat { x, y, ..heat })
        }
        Drawing::Tracks(tracks) => {
            let row = |row: Row| Row { label: language.of_kind(&row.label).into_owned(), ..row };
            Drawing::Tracks(Tracks { rows: tracks.rows.into_iter().map(row).collect(), ..tracks })
        }
    }
}

fn axis_in(language: Language, axis: &Axis) -> Axis {
    Axis {
        title: language.heading(&axis.title).into_owned(),
        unit: language.heading(&axis.unit).into_owned(),
        scale: axis.scale,
    }
}

fn lines_in(language: Language, lines: Lines) -> Lines {
    let series = |it: Series| Series { name: language.of(&it.name).into_owned(), ..it };
    let area = |it: Area| Area { name: language.of(&it.name).into_owned(), ..it };
    Lines {
        x: axis_in(language, &lines.x),
        y: axis_in(language, &lines.y),
        series: lines.series.into_iter().map(series).collect(),
        areas: lines.areas.into_iter().map(area).collect(),
    }
}

fn bars_in(language: Language, bars: Bars) -> Bars {
    let bar = |it: Bar| Bar {
        label: language.of(&it.label).into_owned(),
        value: language.of(&it.value).into_owned(),
        ..it
    };
    Bars {
        axis: axis_in(language, &bars.axis),
        parts: bars.parts.iter().map(|part| language.heading(part).into_owned()).collect(),
        rows: bars.rows.into_iter().map(bar).collect(),
    }
}
