//! What is said, and what comes of it.

use std::time::Duration;

use super::talk::Member;
use crate::transport::Transport;
use crate::verify::case::{Case, Verdict, Within, ensure};
use crate::verify::client::quoted;
use crate::verify::subject::Subject;

/// Between packets that must not travel together.
const PAUSE: Duration = Duration::from_millis(1);
/// How many lines one says to see whether they come in order.
const LINES: usize = 500;
/// So many are under way at once: no buffer is too small for these.
const LINES_AHEAD: usize = 50;
/// A text that no server passes on whole: over UDP most of a datagram.
const LONG_BYTES: usize = 3_000;
/// What must come of it at least.
const SHORT_BYTES: usize = 100;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::shared(
            "speak",
            "What a member says the others hear, as 'name said: text', in any script, and who says it does not.",
            speak,
        ),
        Case::shared(
            "order",
            "What one member says another hears in the same order, each line once: 500 of them, many under way at once.",
            order,
        ),
        Case::shared(
            "leave",
            "Who leaves is told EXIT, the others hear 'name left', and hear nothing more of it.",
            leave,
        ),
        Case::shared(
            "utf8-cut",
            "A long text may be cut, but never inside a character: what comes is UTF-8, and the beginning of what was said.",
            utf8_cut,
        ),
        Case::shared(
            "invalid-utf8",
            "What is not UTF-8 is refused, as a name and as a text, and the members hear nothing of it.",
            invalid_utf8,
        ),
        Case::shared(
            "no-forged-lines",
            "A text can't hold a line's end or an escape sequence: what a member says stays one line, and can't steer the \
             others' terminals.",
            no_forged_lines,
        ),
        Case::shared(
            "garbage",
            "What is no command is refused, whatever bytes it has, and the room goes on.",
            garbage,
        ),
        Case::shared(
            "split-lines",
            "Over a stream a command comes byte by byte in packets of its own, and several come in one: TCP knows no lines.",
            split_lines,
        ),
        Case::shared(
            "overlong-line",
            "A line that never ends, or a datagram as long as one can be, is refused, and the room goes on.",
            overlong_line,
        ),
    ]
}

fn speak(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "speak")?;
    for text in ["hello", "a  b", "大家好", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}", "/quit", "L anna"]
    {
        anna.say(text)?;
        bob.expect(&format!("{} said: {text}", anna.name))?;
    }
    bob.say("back")?;
    anna.expect(&format!("{} said: back", bob.name))?;
    bob.leave()?;
    anna.leave_after(&bob)
}

fn order(subject: &mut Subject) -> Verdict {
    subject.allow_for(LINES);
    let (anna, bob) = Member::two(subject, "order")?;
    for begin in (0..LINES).step_by(LINES_AHEAD) {
        let batch = begin..begin + LINES_AHEAD;
        batch.clone().try_for_each(|number| anna.say(&format!("line {number}")))?;
        for number in batch {
            bob.expect(&format!("{} said: line {number}", anna.name))
                .within(format!("line {number} of {LINES}"))?;
        }
    }
    bob.leave()?;
    anna.leave_after(&bob)
}

fn leave(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "leave")?;
    let carl = Member::inside(subject, "leave", "carl")?;
    let entered = format!("{} entered", carl.name);
    anna.expect(&entered)?;
    bob.expect(&entered)?;
    bob.leave()?;
    anna.expect(&format!("{} left", bob.name))?;
    carl.expect(&format!("{} left", bob.name))?;
    if subject.facts().transport() == Transport::Udp {
        bob.say("hello")?;
        bob.expect_refusal("a word from one who has left")?;
    } else {
        bob.expect_end()?;
    }
    anna.say("gone")?;
    carl.expect(&format!("{} said: gone", anna.name))?;
    carl.leave()?;
    anna.leave_after(&carl)
}

fn utf8_cut(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "utf8-cut")?;
    for character in ["é", "王", "\u{1f600}", "x王"] {
        let text = character.repeat(LONG_BYTES / character.len());
        anna.say(&text)?;
        let heard = bob.hear()?; // which fails if it is not UTF-8
        let said = heard.strip_prefix(&format!("{} said: ", anna.name)).unwrap_or_default();
        ensure(said.len() >= SHORT_BYTES && text.starts_with(said), || {
            format!("expected the beginning of the text, and heard {}", quoted(heard.as_bytes()))
        })?;
    }
    bob.leave()?;
    anna.leave_after(&bob)
}

fn invalid_utf8(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "invalid-utf8")?;
    let other = Member::outside(subject, "invalid-utf8", "carl")?;
    for bytes in [&b"L a\xffb"[..], b"L \xc3", b"L \xed\xa0\x80", b"L \xc0\xaf"] {
        other.send_bytes(bytes)?;
        other.expect_refusal(&format!("the name {}", quoted(bytes)))?;
    }
    for bytes in [&b"\xff"[..], b"ab\xc3", b"\xf4\x90\x80\x80"] {
        anna.send_bytes(&[format!("C {} ", anna.name).as_bytes(), bytes].concat())?;
        anna.expect_refusal(&format!("the text {}", quoted(bytes)))?;
    }
    anna.say("nothing")?;
    bob.expect(&format!("{} said: nothing", anna.name))?;
    bob.leave()?;
    anna.leave_after(&bob)
}

fn no_forged_lines(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "no-forged-lines")?;
    // Over a stream the line's end would just begin another command.
    let is_datagram = subject.facts().transport() == Transport::Udp;
    let texts: &[&str] =
        if is_datagram { &["a\nbob said: b", "a\r\nb", "\u{1b}[2Jx"] } else { &["\u{1b}[2Jx", "a\rb"] };
    for text in texts {
        anna.say(text)?;
        let heard = bob.hear()?;
        ensure(!heard.contains(char::is_control), || {
            format!("expected a line without control characters, and heard {}", quoted(heard.as_bytes()))
        })?;
        anna.say("one")?;
        bob.expect(&format!("{} said: one", anna.name))?;
    }
    bob.leave()?;
    anna.leave_after(&bob)
}

fn garbage(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "garbage")?;
    let other = Member::outside(subject, "garbage", "carl")?;
    let lines: [&[u8]; 8] =
        [b"hello", b"GET / HTTP/1.1", b"X y z", b"l garbage-carl", b"\0\0\0\0", b"\x1b[2J", b"LLLL", b"C"];
    for line in lines {
        other.send_bytes(line)?;
        other.expect_refusal(&format!("the line {}", quoted(line)))?;
    }
    bob.say("nothing")?;
    anna.expect(&format!("{} said: nothing", bob.name))?;
    bob.leave()?;
    anna.leave_after(&bob)
}

fn split_lines(subject: &mut Subject) -> Verdict {
    let case = "split-lines";
    let anna = Member::outside(subject, case, "anna")?;
    let bit_by_bit = |line: &str| anna.stream()?.send_slowly(line.as_bytes().chunks(1), PAUSE);
    bit_by_bit(&format!("L {}\r\n", anna.name))?;
    anna.expect("OK")?;
    let bob = Member::inside(subject, case, "bob")?;
    anna.expect(&format!("{} entered", bob.name))?;
    bit_by_bit(&format!("C {} slowly\n", anna.name))?;
    bob.expect(&format!("{} said: slowly", anna.name))?;
    anna.stream()?.send(format!("C {0} one\nC {0} two\r\nC {0} three\n", anna.name).as_bytes())?;
    for word in ["one", "two", "three"] {
        bob.expect(&format!("{} said: {word}", anna.name))?;
    }
    bob.leave()?;
    anna.leave_after(&bob)
}

fn overlong_line(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "overlong-line")?;
    let other = Member::outside(subject, "overlong-line", "carl")?;
    other.send_bytes(&vec![b'x'; 60_000])?;
    other.expect_refusal("a line of 60,000 bytes")?;
    bob.say("nothing")?;
    anna.expect(&format!("{} said: nothing", bob.name))?;
    bob.leave()?;
    anna.leave_after(&bob)
}
