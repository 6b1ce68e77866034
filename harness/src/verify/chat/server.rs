//! The console, silence, a full room, and the end.

use std::thread;
use std::time::Duration;

use super::talk::Member;
use crate::verify::case::{Case, Verdict, Within};
use crate::verify::subject::Subject;

/// How long a member may be silent where that is tried: several times what a server looks by, and more than a busy machine
/// keeps one waiting who gives signs of life.
const SILENCE: Duration = Duration::from_secs(4);
/// How often one who does not want to be taken for gone says something meanwhile.
const SIGN_EVERY: Duration = Duration::from_millis(500);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::own(
            "console",
            "A line that is typed at the server's console, its standard input, is heard by all members as the administrator's, \
             and the end of that input is not the server's end.",
            console,
        ),
        Case::own(
            "silence",
            "Who says nothing for longer than members may (--member-time 4s) is seen to have left, and its name is free; who \
             gives a sign of life is not.",
            silence,
        ),
        Case::own(
            "full",
            "A room for two (--max-members 2) refuses a third member until one of the two has left.",
            full,
        ),
        Case::own(
            "stops",
            "On SIGTERM a server with members ends within its grace, in order, and leaves nothing behind.",
            stops,
        ),
    ]
}

fn console(subject: &mut Subject) -> Verdict {
    let mut server = subject.another(&[])?;
    let (anna, bob) = Member::two(&server, "console")?;
    server.type_line("break")?;
    for member in [&anna, &bob] {
        member.expect("administrator said: break")?;
    }
    server.type_line("大家好")?;
    anna.expect("administrator said: 大家好")?;
    bob.expect("administrator said: 大家好")?;
    server.end_input();
    thread::sleep(SIGN_EVERY);
    bob.say("there")?;
    anna.expect(&format!("{} said: there", bob.name)).within("after the end of the console's input")?;
    server.ask_to_stop()?;
    server.has_stopped()
}

fn silence(subject: &mut Subject) -> Verdict {
    let silence = format!("{}s", SILENCE.as_secs());
    let mut server = subject.another(&["--member-time", &silence])?;
    server.allow_for(1_000);
    let (anna, bob) = Member::two(&server, "silence")?;
    let signs = SILENCE.as_millis() * 2 / SIGN_EVERY.as_millis();
    for sign in 0..signs {
        thread::sleep(SIGN_EVERY);
        anna.say(&format!("sign {sign}"))?;
    }
    anna.expect(&format!("{} left", bob.name)).within("a member was silent for twice as long as it may")?;
    let other = Member::outside(&server, "silence", "bob")?;
    other.enter()?;
    anna.expect(&format!("{} entered", other.name))?;
    server.ask_to_stop()?;
    server.has_stopped()
}

fn full(subject: &mut Subject) -> Verdict {
    let mut server = subject.another(&["--max-members", "2"])?;
    let (anna, bob) = Member::two(&server, "full")?;
    let other = Member::outside(&server, "full", "carl")?;
    other.send(&format!("L {}", other.name))?;
    other.expect_refusal("a third member of a room for two")?;
    bob.leave()?;
    anna.expect(&format!("{} left", bob.name))?;
    other.enter()?;
    server.ask_to_stop()?;
    server.has_stopped()
}

fn stops(subject: &mut Subject) -> Verdict {
    let (anna, bob) = Member::two(subject, "stops")?;
    bob.say("soon")?;
    anna.expect(&format!("{} said: soon", bob.name))?;
    let trouble = subject.stop()?.trouble();
    crate::verify::case::ensure(trouble.is_none(), || format!("the server {}", trouble.unwrap_or_default()))
}
