//! Commands one after another: typed at a prompt, or from a pipe.

use std::io::{IsTerminal, stderr, stdin};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::carry_out;
use super::editor::{Editor, Known, Line};
use super::remote::Remote;
use super::told::Told;
use super::words::Typed;
use crate::failure::{FAILED, INTERRUPTED, Interrupted};
use crate::language;

/// What the commands are.
const HELP: &str = "\
list               which files there are (L)
get NAME [FILE]    fetch one (G)
put FILE [NAME]    bring one (P)
quit               the end (Q, or Ctrl-D)
Names with blanks are quoted as in a shell; Tab completes them.
";

/// Takes commands until there are no more. A signal that comes while one is waited for from a pipe, or while the server is
/// connected to, ends the process at once (`idle`); at any other time it ends the transfer (`stop`).
pub(super) fn run(
    remote: &mut Remote,
    as_json: bool,
    stop: &Arc<AtomicBool>,
    idle: &AtomicBool,
) -> anyhow::Result<ExitCode> {
    let known = Known::default();
    let is_typed = stdin().is_terminal() && stderr().is_terminal();
    let mut lines =
        if is_typed { Editor::typed(remote.address(), &known, stop)? } else { Editor::piped(idle) };
    let mut all_went_well = true;
    if is_typed {
        known.learn(&remote.list()?); // a server that is not there is said to be missing at once
    }
    loop {
        let line = match lines.next()? {
            Line::Typed(line) => line,
            Line::Dropped => continue,
            Line::End => break,
        };
        let done = match Typed::read(&line) {
            Ok(Typed::Nothing) => continue,
            Ok(Typed::Quit) => break,
            Ok(Typed::Help) => super::super::print(&language::say(HELP)),
            Ok(Typed::Action(action)) => carry_out(&action, remote, as_json).and_then(|told| {
                learn(&known, &told, remote, is_typed);
                super::super::print(&told.text(as_json)?)
            }),
            Err(error) => Err(error),
        };
        let Err(error) = done else { continue };
        all_went_well = false;
        eprintln!("concur: {}", language::say(&format!("{error:#}")));
        if error.is::<Interrupted>() {
            if !is_typed {
                return Ok(INTERRUPTED.into());
            }
            stop.store(false, Ordering::Relaxed); // it was the transfer that was to end
        }
    }
    remote.leave();
    // Whoever types has seen what went wrong; a script asks for the code.
    Ok(if all_went_well || is_typed { ExitCode::SUCCESS } else { FAILED.into() })
}

/// Keeps the names that can be completed up to date.
fn learn(known: &Known, told: &Told, remote: &mut Remote, is_typed: bool) {
    match told {
        Told::List(files) => known.learn(files),
        Told::Put(_) if is_typed => {
            if let Ok(files) = remote.list() {
                known.learn(&files);
            }
        }
        Told::Put(_) | Told::Got(_) => {}
    }
}
