//! Where lines are typed: a line editor on a terminal, so that what others say does not tear up a line that is begun; plain
//! lines from a pipe.

use std::env;
use std::io::{self, BufRead, IsTerminal, Read, stdin, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use reedline::{ExternalPrinter, Reedline, Signal};

use reports::terminal::Colours;

use crate::appearance::colours;
use crate::label::Label;
use crate::language;

/// Of a longer line from a pipe the rest is passed over.
const LINE_BYTES: u64 = 64 * 1024;
/// How often the editor looks for what others said.
const LOOK: Duration = Duration::from_millis(50);

/// Something was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// A line, without its end.
    Line(String),
    /// Nothing more will be: Ctrl-C, Ctrl-D or the end of the input.
    End,
}

/// The thread that reads what is typed.
pub(super) struct Keyboard {
    /// What was typed, a line at a time: who types faster waits.
    pub(super) typed: Receiver<Typed>,
    /// Set to have the editor give the terminal back.
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    is_editor: bool,
}

/// Whether there is a terminal at both ends that a line editor can work on.
pub(super) fn has_terminal() -> bool {
    let is_dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    stdin().is_terminal() && stdout().is_terminal() && !is_dumb
}

impl Keyboard {
    /// Starts reading. With a printer there is an editor, which shows what comes through the printer above its line.
    pub(super) fn start(name: &str, printer: Option<&ExternalPrinter<String>>) -> io::Result<Self> {
        let (send, typed) = bounded(0);
        let stop = Arc::new(AtomicBool::new(false));
        let is_editor = printer.is_some();
        let work: Box<dyn FnOnce() + Send> = match printer {
            Some(printer) => {
                let (printer, stop, prompt) =
                    (printer.clone(), Arc::clone(&stop), Label(format!("{name}> ")));
                Box::new(move || edit(printer, stop, &prompt, &send))
            }
            None => Box::new(move || plain(&send)),
        };
        let thread = thread::Builder::new().name("keyboard".to_owned()).spawn(work)?;
        Ok(Self { typed, stop, thread, is_editor })
    }

    /// Gives the terminal back as it was. A thread that reads a pipe ends with the process.
    pub(super) fn finish(self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.typed);
        if self.is_editor {
            let _ = self.thread.join(); // a panic has said what there is to say
        }
    }
}

fn edit(printer: ExternalPrinter<String>, stop: Arc<AtomicBool>, prompt: &Label, send: &Sender<Typed>) {
    let editor = Reedline::create().with_external_printer(printer).with_poll_interval(LOOK);
    let mut editor = editor.with_break_signal(stop).with_ansi_colors(colours() == Colours::On);
    loop {
        let typed = match editor.read_line(prompt) {
            Ok(Signal::Success(line)) => Typed::Line(line),
            Ok(_) => Typed::End,
            Err(error) => {
                let sentence =
                    format!("this terminal can't be edited on: {error}; try TERM=dumb concur chat");
                eprintln!("concur: {}", language::say(&sentence));
                Typed::End
            }
        };
        let is_over = typed == Typed::End;
        if send.send(typed).is_err() || is_over {
            return;
        }
    }
}

fn plain(send: &Sender<Typed>) {
    let mut input = stdin().lock();
    loop {
        let mut line = Vec::new();
        let read = (&mut input).take(LINE_BYTES).read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            let _ = send.send(Typed::End); // nobody may be listening any more
            return;
        }
        if !line.ends_with(b"\n") && input.skip_until(b'\n').is_err() {
            return;
        }
        let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        if send.send(Typed::Line(line)).is_err() {
            return;
        }
    }
}
