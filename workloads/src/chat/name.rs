//! What a member may be called.

use super::command::Refusal;
use super::{ADMINISTRATOR, text};

/// The longest name, in characters ...
pub const CHARACTERS: usize = 32;
/// ... and in bytes.
pub const BYTES: usize = 96;

/// The words that the server begins its own lines with: nobody's lines may be taken for those.
const RESERVED: [&str; 4] = ["ok", "no", "exit", "status"];

/// Whether somebody may be called so.
///
/// # Errors
/// The name is empty, too long, one that others can't see or tell apart, or the administrator's.
pub fn check(name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Refusal::NameEmpty);
    }
    if name.len() > BYTES || name.chars().count() > CHARACTERS {
        return Err(Refusal::NameTooLong);
    }
    if name.chars().any(|c| c.is_whitespace() || text::is_unsafe(c) || is_invisible(c)) {
        return Err(Refusal::NameInvisible);
    }
    let folded = folded(name);
    if folded.contains(ADMINISTRATOR) {
        return Err(Refusal::NameOfAdministrator);
    }
    if RESERVED.contains(&folded.as_str()) {
        return Err(Refusal::NameReserved);
    }
    Ok(())
}

/// What two names have in common that are one: `Anna` and `anna` would be taken for each other.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// Characters that take no room on a screen: with one of them in it a name would look like another's.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_script_are_taken() {
        for name in ["a", "Anna", "王小明", "Ольга", "O'Brien-2", &"x".repeat(32), &"王".repeat(32)]
        {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_its_reason() {
        let refused = [
            ("", Refusal::NameEmpty),
            ("anna bell", Refusal::NameInvisible),
            ("anna\t", Refusal::NameInvisible),
            ("an\u{1b}[31mna", Refusal::NameInvisible),
            ("an\u{200b}na", Refusal::NameInvisible),
            ("\u{202e}anna", Refusal::NameInvisible),
            ("administrator", Refusal::NameOfAdministrator),
            ("theADMINistrator2", Refusal::NameOfAdministrator),
            ("ok", Refusal::NameReserved),
            ("EXIT", Refusal::NameReserved),
        ];
        for (name, reason) in refused {
            assert_eq!(check(name), Err(reason), "{name:?}");
        }
        assert_eq!(check(&"x".repeat(33)), Err(Refusal::NameTooLong));
        assert_eq!(check(&"\u{1f600}".repeat(25)), Err(Refusal::NameTooLong));
    }
}
