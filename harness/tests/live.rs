//! The view of a run on a real terminal, made by script(1): what it draws, and that the terminal is given back however it ends.

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
mod common;
#[path = "common/display.rs"]
mod display;
#[path = "../../reports/tests/report/chinese/latin.rs"]
mod latin;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use display::Display;
use harness::progress::live::Live;
use harness::progress::{Feed, Progress};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// So long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
/// The second screen's coming and going, and the cursor's.
const ENTER: &str = "\u{1b}[?1049h";
const LEAVE: &str = "\u{1b}[?1049l";
const SHOW: &str = "\u{1b}[?25h";
const HIDE: &str = "\u{1b}[?25l";
/// What is written of a step: of a line that had another text only the characters that differ are.
const STEP: &str = "epoll, ";
/// What the shell says when the terminal is as it was.
const RESTORED: &str = "as before";
/// Where a test that panics for another one finds the file it waits for.
const MAY_PANIC: &str = "CONCUR_TEST_MAY_PANIC";

/// A shell on a terminal of 80 columns and 24 lines that runs one command.
struct Session {
    script: Child,
    written: Arc<Mutex<Vec<u8>>>,
    directory: TempDir,
}

impl Session {
    /// Runs `command` with these variables set; what they are not is unset.
    fn of(command: &str, variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let shell = directory.path().join("session.sh");
        let text = format!(
            "trap : INT\nstty cols 80 rows 24\nbefore=$(stty -g)\n(sh -c 'echo $PPID' >pid; exec {command})\necho \"ended: $?\"\n\
             test \"$before\" = \"$(stty -g)\" && echo '{RESTORED}'\n"
        );
        fs::write(&shell, text).unwrap();
        let mut script = Command::new("script");
        script.args(["-qec", &format!("sh {}", shell.display()), "/dev/null"]).current_dir(&directory);
        script.env("TERM", "xterm").env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR").env_remove("CI");
        script.envs(variables.iter().copied());
        let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let written: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (mut out, heard) = (script.stdout.take().unwrap(), Arc::clone(&written));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = out.read(&mut buffer) {
                heard.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        Self { script, written, directory }
    }

    /// A run of one server for so long.
    fn run(duration: &str, options: &str, variables: &[(&str, &str)]) -> Self {
        let program = assert_cmd::cargo::cargo_bin!("concur");
        let command = format!(
            "{} run --suite servers --models epoll --again none --connections 4 --rounds 1 --warm-up 50ms \
             --duration {duration} --out run {options}",
            program.display()
        );
        Self::of(&command, variables)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    /// The last of it.
    fn end(&self) -> String {
        let text: Vec<char> = self.text().chars().collect();
        text[text.len().saturating_sub(500)..].iter().collect()
    }

    /// Waits until it has been written so many times.
    fn wait_for(&self, what: &str, times: usize) {
        let begun = Instant::now();
        while self.text().matches(what).count() < times {
            assert!(begun.elapsed() < PATIENCE, "no {what:?} in what ends with {:?}", self.end());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn press(&mut self, keys: &[u8]) {
        let keyboard = self.script.stdin.as_mut().unwrap();
        keyboard.write_all(keys).and_then(|()| keyboard.flush()).unwrap();
    }

    fn send(&self, signal: Signal) {
        let number = fs::read_to_string(self.directory.path().join("pid")).unwrap();
        kill(Pid::from_raw(number.trim().parse().unwrap()), signal).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// All that was written, when the shell has ended.
    fn ended(mut self) -> String {
        self.wait_for("ended: ", 1);
        self.script.wait().unwrap();
        thread::sleep(Duration::from_millis(50)); // what is on its way still arrives
        self.text()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

/// The terminal was taken so many times, given back as often, and is as it was.
fn assert_given_back(text: &str, times: usize) {
    assert_eq!((text.matches(ENTER).count(), text.matches(LEAVE).count()), (times, times), "{text:?}");
    assert!(text.rfind(LEAVE) > text.rfind(ENTER) && text.rfind(SHOW) > text.rfind(HIDE), "{text:?}");
    assert!(text.contains(RESTORED), "{text:?}");
}

/// What was written when the view was over.
fn after_the_view(text: &str) -> &str {
    text.rsplit(LEAVE).next().unwrap_or_default()
}

#[test]
fn a_run_on_a_terminal_is_drawn_and_its_tables_come_after_it() {
    let text = Session::run("700ms", "", &[]).ended();
    assert_given_back(&text, 1);
    assert!(text.contains(STEP) && text.contains("req/s"), "{text:?}");
    let after = after_the_view(&text);
    assert!(
        after.contains("rank") && after.contains("run/report.html") && after.contains("ended: 0"),
        "{after}"
    );
}

/// What stands on the screen before the view is over.
fn on_screen(text: &str) -> String {
    let view = text.split(ENTER).nth(1).and_then(|view| view.split(LEAVE).next());
    Display::after(view.unwrap_or_default(), 80, 24).text()
}

#[test]
fn a_run_in_chinese_is_drawn_without_a_word_of_english() {
    // The second round shows what came of the first one; a second of it is long enough for latencies.
    let command = format!(
        "{} run --suite servers --models epoll,poll --again none --connections 4 --rounds 2 --warm-up 50ms --duration 1200ms \
         --out run --lang zh",
        assert_cmd::cargo::cargo_bin!("concur").display()
    );
    let text = Session::of(&command, &[]).ended();
    assert_given_back(&text, 1);
    let screen = on_screen(&text);
    for part in
        ["步中已完成", "现在：", "速率", "请求/秒", "进程：", "结果，最新的在前", "接下来", "按 q 结束"]
    {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert_eq!(latin::english(&screen, &[]), [""; 0], "{screen}");
    let after = after_the_view(&text);
    assert!(
        after.contains("名次") && after.contains("run/report.html") && after.contains("ended: 0"),
        "{after}"
    );
}

#[test]
fn ctrl_c_gives_the_terminal_back_and_keeps_the_record() {
    let mut session = Session::run("600s", "", &[]);
    session.wait_for(STEP, 1);
    session.press(b"\x03");
    session.wait_for("ended: ", 1);
    assert!(Path::new(&session.path("run/run.json")).exists());
    let text = session.ended();
    assert_given_back(&text, 1);
    assert!(after_the_view(&text).contains("interrupted") && text.contains("ended: 130"), "{text:?}");
}

#[test]
fn the_key_q_does_what_ctrl_c_does() {
    let mut session = Session::run("600s", "", &[]);
    session.wait_for(STEP, 1);
    session.press(b"q");
    let text = session.ended();
    assert_given_back(&text, 1);
    assert!(text.contains("ended: 130"), "{text:?}");
}

#[test]
fn sigterm_gives_the_terminal_back() {
    let session = Session::run("600s", "", &[]);
    session.wait_for(STEP, 1);
    session.send(Signal::SIGTERM);
    let text = session.ended();
    assert_given_back(&text, 1);
    assert!(text.contains("ended: 130"), "{text:?}");
}

#[test]
fn who_is_suspended_gives_the_terminal_back_and_takes_it_again() {
    let session = Session::run("600s", "", &[]);
    session.wait_for(STEP, 1);
    session.send(Signal::SIGTSTP);
    session.wait_for(LEAVE, 1);
    session.send(Signal::SIGCONT);
    session.wait_for(ENTER, 2);
    session.send(Signal::SIGTERM);
    assert_given_back(&session.ended(), 2);
}

#[test]
fn a_panic_is_told_on_the_terminal_as_it_was() {
    let this = std::env::current_exe().unwrap();
    let command = format!("{} --ignored --exact a_view_that_panics --nocapture", this.display());
    let session = Session::of(&command, &[(MAY_PANIC, "now")]);
    session.wait_for("Looking at what this machine can do", 1);
    fs::write(session.path("now"), "").unwrap();
    let text = session.ended();
    assert_given_back(&text, 1);
    assert!(after_the_view(&text).contains("on purpose"), "{text:?}");
}

/// Runs on the terminal of the test above.
#[test]
#[ignore = "it panics, for another test to look at"]
fn a_view_that_panics() {
    let Some(file) = std::env::var_os(MAY_PANIC) else { return };
    let live = Live::start(Feed::default(), &[], Arc::new(AtomicBool::new(false)), Arc::default()).unwrap();
    let _progress = Progress::new(1, Duration::from_secs(1), Some(live));
    while !Path::new(&file).exists() {
        thread::sleep(Duration::from_millis(10));
    }
    panic!("on purpose");
}

#[test]
fn lines_are_told_where_nothing_is_to_be_drawn() {
    for (options, variables) in
        [("--plain", [("TERM", "xterm")]), ("", [("TERM", "dumb")]), ("", [("CI", "1")])]
    {
        let text = Session::run("200ms", options, &variables).ended();
        assert!(!text.contains(ENTER) && text.contains("[1/1] epoll"), "{options} {variables:?}: {text:?}");
    }
}

#[test]
fn tables_on_a_terminal_are_coloured_unless_somebody_wants_none() {
    let coloured = |options, variables: &[(&str, &str)]| {
        let text = Session::run("100ms", options, variables).ended();
        // Whether the server was any good on a busy machine is not asked here.
        assert!(text.contains("rank"), "{text:?}");
        text.contains("\u{1b}[2m") || text.contains("\u{1b}[1m")
    };
    assert!(coloured("--plain", &[]));
    assert!(!coloured("--plain", &[("NO_COLOR", "1")]));
    assert!(coloured("--plain --color always", &[("NO_COLOR", "1")]));
    assert!(!coloured("--plain --color never", &[]));
}
