//! How lines are told apart: the first by colours and markers, laws by the colour of what they are of and dashes, the rest by none.

use super::COLOURS;
use crate::picture::{Series, Style};

/// So many kinds of dashes there are.
const DASHES: usize = 4;

/// Which colour, or which dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// One of the first measured lines.
    Own(usize),
    /// A measured line beyond these.
    Rest,
    /// What a law says of a measured line that is called the same at its beginning.
    Law { of: usize, dashes: usize },
    /// What a law or somebody else says.
    Reference(usize),
}

impl Look {
    /// The classes of its line.
    pub(super) fn classes(self) -> String {
        match self {
            Self::Own(index) => format!("s{index}"),
            Self::Rest => "rest".to_owned(),
            Self::Law { of, dashes } => format!("s{of} d{}", dashes % DASHES),
            Self::Reference(index) => format!("ref d{}", index % DASHES),
        }
    }
}

/// How each series looks, in their order.
pub(super) fn looks(series: &[Series]) -> Vec<Look> {
    let mut measured: Vec<&str> = Vec::new();
    let mut references = 0;
    let mut looks = Vec::with_capacity(series.len());
    for one in series {
        let look = if one.style == Style::Reference {
            references += 1;
            let same = measured.iter().take(COLOURS).position(|name| names_it(&one.name, name));
            match same {
                Some(of) => Look::Law { of, dashes: references - 1 },
                None => Look::Reference(references - 1),
            }
        } else {
            measured.push(&one.name);
            if measured.len() <= COLOURS { Look::Own(measured.len() - 1) } else { Look::Rest }
        };
        looks.push(look);
    }
    looks
}

/// Whether `longer` is `name` with words behind it: `threads: Amdahl`, `thread，未修正`.
fn names_it(longer: &str, name: &str) -> bool {
    longer.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', ',', ' ', '：', '，']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, style: Style) -> Series {
        Series { name: name.into(), points: Vec::new(), style }
    }

    #[test]
    fn the_first_lines_have_colours_and_the_others_are_grey() {
        let names: Vec<String> = (0..10).map(|number| format!("model{number}")).collect();
        let all: Vec<Series> = names.iter().map(|name| series(name, Style::Measured)).collect();
        let looks = looks(&all);
        assert_eq!(looks[7], Look::Own(7));
        assert_eq!(looks[8..], [Look::Rest, Look::Rest]);
    }

    #[test]
    fn a_law_has_the_colour_of_the_line_that_it_is_of() {
        let all = [
            series("threads", Style::Measured),
            series("threads-pool", Style::Measured),
            series("threads: Amdahl", Style::Reference),
            series("the lock", Style::Reference),
            series("threads-pool，未修正", Style::Reference),
        ];
        let looks = looks(&all);
        assert_eq!(
            looks[2..],
            [Look::Law { of: 0, dashes: 0 }, Look::Reference(1), Look::Law { of: 1, dashes: 2 }]
        );
    }
}
