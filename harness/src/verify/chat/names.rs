//! Who may enter, under which name, and that it stays theirs.

use super::talk::Member;
use crate::verify::case::{Case, Verdict, ensure};
use crate::verify::subject::Subject;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::shared(
            "enter",
            "Who enters is told OK, and the others hear 'name entered'; who enters is told nothing of itself.",
            enter,
        ),
        Case::shared(
            "enter-again",
            "Who asks to enter again, since the answer may have been lost, is not let in twice: the others hear of it once.",
            enter_again,
        ),
        Case::shared(
            "taken",
            "A name that somebody in the room has is refused, and free again once they have left.",
            taken,
        ),
        Case::shared(
            "console-name",
            "A name that has the administrator's name in it is refused, also in capitals: nobody can be taken for the console.",
            administrator,
        ),
        Case::shared("empty-name", "An empty name, and one that has nothing but blanks, is refused.", empty),
        Case::shared("overlong-name", "A name of hundreds of characters is refused.", overlong),
        Case::shared(
            "hidden-name",
            "A name with a control character in it is refused: it would steer the others' terminals.",
            hidden,
        ),
        Case::shared(
            "outsider",
            "Who has not entered can't speak: that is refused, and the members hear nothing of it.",
            outsider,
        ),
        Case::shared(
            "spoofed-speak",
            "Who speaks under another member's name, from the room or from outside, is refused, and nobody hears it.",
            spoofed_speak,
        ),
        Case::shared(
            "spoofed-leave",
            "Who wants another member to leave is refused: the member stays in the room, and is heard.",
            spoofed_leave,
        ),
        Case::shared(
            "spoofed-counted",
            "What was tried under other members' names is counted, and the room's state (S) says how often.",
            spoofed_counted,
        ),
    ]
}

fn enter(subject: &mut Subject) -> Verdict {
    let case = "enter";
    let anna = Member::inside(subject, case, "anna")?;
    let bob = Member::inside(subject, case, "bob")?;
    anna.expect(&format!("{} entered", bob.name))?;
    anna.say("hello")?;
    bob.expect(&format!("{} said: hello", anna.name))?;
    bob.leave()?;
    anna.expect(&format!("{} left", bob.name))?;
    anna.leave()
}

fn enter_again(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "enter-again")?;
    bob.send(&format!("L {}", bob.name))?;
    bob.hear()?; // OK once more, or a refusal: the room may do either
    bob.say("hello")?;
    anna.expect(&format!("{} said: hello", bob.name))?;
    bob.leave()?;
    anna.leave_after(&bob)
}

fn taken(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "taken")?;
    let other = Member::outside(subject, "taken", "anna")?;
    other.send(&format!("L {}", other.name))?;
    other.expect_refusal("a name that is taken")?;
    anna.leave()?;
    bob.expect(&format!("{} left", anna.name))?;
    other.enter()?;
    bob.expect(&format!("{} entered", other.name))?;
    other.leave()?;
    bob.leave_after(&other)
}

fn administrator(subject: &mut Subject) -> Verdict {
    refuses(subject, "console-name", &["administrator", "Administrator", "the-ADMINISTRATOR-2"])
}

fn empty(subject: &mut Subject) -> Verdict {
    refuses(subject, "empty-name", &["", " ", "  "])
}

fn overlong(subject: &mut Subject) -> Verdict {
    refuses(subject, "overlong-name", &[&"x".repeat(300), &"王".repeat(300)])
}

fn hidden(subject: &mut Subject) -> Verdict {
    refuses(subject, "hidden-name", &["a\u{1b}[2Jb", "a\u{8}b", "a\tb"])
}

/// None of these may enter, and the members hear nothing of it.
fn refuses(subject: &Subject, case: &'static str, names: &[&str]) -> Verdict {
    let (anna, bob) = Member::two(subject, case)?;
    let other = Member::outside(subject, case, "carl")?;
    for name in names {
        other.send(&format!("L {name}"))?;
        other.expect_refusal(&format!("the name '{}'", name.escape_debug()))?;
    }
    bob.say("nobody")?;
    anna.expect(&format!("{} said: nobody", bob.name))?;
    bob.leave()?;
    anna.leave_after(&bob)
}

fn outsider(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "outsider")?;
    let other = Member::outside(subject, "outsider", "carl")?;
    other.say("hello")?;
    other.expect_refusal("a word from outside")?;
    bob.say("silence")?;
    anna.expect(&format!("{} said: silence", bob.name))?;
    bob.leave()?;
    anna.leave_after(&bob)
}

fn spoofed_speak(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "spoofed-speak")?;
    let outside = Member::outside(subject, "spoofed-speak", "carl")?;
    for liar in [&bob, &outside] {
        liar.send(&format!("C {} lies", anna.name))?;
        liar.expect_refusal("a word under another's name")?;
    }
    anna.say("lies")?;
    bob.expect(&format!("{} said: lies", anna.name))?;
    bob.say("neither")?;
    anna.expect(&format!("{} said: neither", bob.name))?;
    bob.leave()?;
    anna.leave_after(&bob)
}

fn spoofed_leave(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "spoofed-leave")?;
    let outside = Member::outside(subject, "spoofed-leave", "carl")?;
    for liar in [&bob, &outside] {
        liar.send(&format!("Q {}", anna.name))?;
        liar.expect_refusal("a farewell under another's name")?;
    }
    anna.say("here")?;
    bob.expect(&format!("{} said: here", anna.name))?;
    bob.leave()?;
    anna.leave_after(&bob)
}

fn spoofed_counted(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "spoofed-counted")?;
    let before = bob.status()?.spoofed.unwrap_or_default();
    for command in
        [format!("C {} lies", anna.name), format!("Q {}", anna.name), format!("C {} more", anna.name)]
    {
        bob.send(&command)?;
        bob.expect_refusal("a command under another's name")?;
    }
    let after = bob.status()?.spoofed.unwrap_or_default();
    // Other members, of other cases, may try as well.
    ensure(after >= before + 3, || {
        format!("expected 3 more to be counted, and it went from {before} to {after}")
    })?;
    bob.leave()?;
    anna.leave_after(&bob)
}
