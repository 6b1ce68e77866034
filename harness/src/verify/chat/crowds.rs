//! Many members, members who go without a word, and members who never listen.

use super::talk::Member;
use crate::transport::Transport;
use crate::verify::case::{Case, Verdict, Within, skipped};
use crate::verify::subject::Subject;

/// How many members there are at once where there are many, at most.
const MANY: usize = 100;
/// How much is said to one who never listens, in lines of this many bytes.
const UNHEARD_LINES: usize = 25_000;
const UNHEARD_BYTES: usize = 400;
/// So many are under way at once.
const LINES_AHEAD: usize = 50;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::shared(
            "many-members",
            "Many members (--at-once, 100 at most) are in the room, each says a line, and each hears those of all others once.",
            many_members,
        ),
        Case::shared(
            "gone-without-a-word",
            "Over a stream, whose connection ends or is reset has left: the others hear so, and the name is free again.",
            gone_without_a_word,
        ),
        Case::shared(
            "never-listens",
            "A member never reads what it hears, some 10 MB: the others go on talking meanwhile, and nothing waits for that \
             one, who may be cut off.",
            never_listens,
        ),
    ]
}

fn many_members(subject: &mut Subject) -> Verdict {
    let case = "many-members";
    let number = subject.several(MANY)?;
    subject.allow_for(number * 4);
    let mut members: Vec<Member> = Vec::new();
    for index in 0..number {
        let member = Member::inside(subject, case, &index.to_string())?;
        let entered = format!("{} entered", member.name);
        members.iter().try_for_each(|other| other.expect(&entered))?;
        members.push(member);
    }
    for speaker in &members {
        speaker.say("here")?;
        let line = format!("{} said: here", speaker.name);
        let mut others = members.iter().filter(|other| other.name != speaker.name);
        others.try_for_each(|other| other.expect(&line))?;
    }
    while let Some(member) = members.pop() {
        member.leave()?;
        let left = format!("{} left", member.name);
        members.iter().try_for_each(|other| other.expect(&left))?;
    }
    Ok(())
}

fn gone_without_a_word(subject: &mut Subject) -> Verdict {
    let case = "gone-without-a-word";
    if subject.facts().transport() == Transport::Udp {
        return skipped("over UDP who goes without a word is missed only after a while");
    }
    let anna = Member::inside(subject, case, "anna")?;
    for is_reset in [false, true] {
        let bob = Member::inside(subject, case, "bob")?;
        anna.expect(&format!("{} entered", bob.name))?;
        let left = format!("{} left", bob.name);
        bob.go(is_reset)?;
        anna.expect(&left).within("after a connection has ended")?;
    }
    anna.leave()
}

fn never_listens(subject: &mut Subject) -> Verdict {
    let case = "never-listens";
    subject.allow_for(UNHEARD_LINES / 10);
    let (anna, bob) = Member::two(subject, case)?;
    let deaf = Member::inside(subject, case, "deaf")?;
    let entered = format!("{} entered", deaf.name);
    anna.expect(&entered)?;
    bob.expect(&entered)?;
    let text = "x".repeat(UNHEARD_BYTES);
    let (said, left) = (format!("{} said: {text}", anna.name), format!("{} left", deaf.name));
    for _ in 0..UNHEARD_LINES / LINES_AHEAD {
        (0..LINES_AHEAD).try_for_each(|_| anna.say(&text))?;
        for _ in 0..LINES_AHEAD {
            let heard = bob.hear().within("while another never listens")?;
            // The one who never listens may have been cut off, which is heard once.
            if heard == left {
                bob.expect(&said)?;
            } else if heard != said {
                return crate::verify::case::failed(format!("{} heard what nobody said", bob.name));
            }
        }
    }
    drop(deaf);
    bob.leave_whatever_comes()?;
    anna.leave_whatever_comes()
}
