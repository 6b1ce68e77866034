//! Rows to take away: CSV in a link that holds all of it, so that nothing has to be asked for.

/// These lines as CSV (RFC 4180, with short line ends) in a `data:` link.
pub(super) fn of<'l>(lines: impl Iterator<Item = &'l Vec<String>>) -> String {
    let mut link = "data:text/csv;charset=utf-8,".to_owned();
    for line in lines {
        let fields: Vec<String> = line.iter().map(|field| quoted(field)).collect();
        encode(&(fields.join(",") + "\n"), &mut link);
    }
    link
}

/// A field of CSV. One that a spreadsheet would take for a formula is told to be text.
fn quoted(field: &str) -> String {
    let is_formula =
        field.starts_with(['=', '+', '@']) || (field.starts_with('-') && field.parse::<f64>().is_err());
    let field = if is_formula { format!("'{field}") } else { field.to_owned() };
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

const DIGITS: [u8; 16] = *b"0123456789ABCDEF";

/// Puts `text` behind `link`, percent-encoded but for what stands for itself anywhere in a link.
fn encode(text: &str, link: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9'
            | b'a'..=b'z'
            | b'A'..=b'Z'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b','
            | b':'
            | b';'
            | b'/' => {
                link.push(char::from(byte));
            }
            _ => {
                link.push('%');
                link.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_where_it_must_be_and_is_no_formula() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(["=1+1", "-2.5", "-x", "epoll"].map(quoted), ["'=1+1", "-2.5", "'-x", "epoll"]);
    }

    #[test]
    fn a_link_holds_nothing_that_would_end_it() {
        let lines = [vec!["a#\"<&'%".to_owned()], vec!["µ s".to_owned()]];
        assert_eq!(
            of(lines.iter()),
            "data:text/csv;charset=utf-8,%22a%23%22%22%3C%26%27%25%22%0A%C2%B5%20s%0A"
        );
    }
}
