//! `concur chat` on a real terminal, made by script(1): lines are edited while others talk, and it is given back as it was.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use harness::server::Server;
use harness::transport::Transport;

use crate::common::{PATIENCE, stop};
use crate::members::{Member, room};

/// What a line editor asks a terminal: where the cursor is.
const WHERE: &[u8] = b"\x1b[6n";

/// A shell on a terminal that runs the client, and says how it ended.
struct Terminal {
    script: Child,
    written: Arc<Mutex<Vec<u8>>>,
    keys: Arc<Mutex<std::process::ChildStdin>>,
    /// Ends when all that the shell wrote has been read.
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    fn of(server: &Server, transport: Transport, name: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_concur");
        let shell = format!(
            "stty cols 80 rows 24; before=$(stty -g); {program} chat {} --name {name} --transport {transport}; \
             echo \"ended: $?\"; test \"$before\" = \"$(stty -g)\" && echo 'as before'",
            server.address()
        );
        let mut script = Command::new("script");
        script
            .args(["-qec", &shell, "/dev/null"])
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .env("SHELL", "/bin/sh");
        let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let keys = Arc::new(Mutex::new(script.stdin.take().unwrap()));
        let written: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (mut out, heard, answers) =
            (script.stdout.take().unwrap(), Arc::clone(&written), Arc::clone(&keys));
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            let mut answered = 0;
            while let Ok(read @ 1..) = out.read(&mut buffer) {
                let mut heard = heard.lock().unwrap();
                heard.extend_from_slice(&buffer[..read]);
                let asked = heard.windows(WHERE.len()).filter(|window| *window == WHERE).count();
                for _ in answered..asked {
                    // As a terminal does whose cursor stands below what has been written so far.
                    let _ = answers.lock().unwrap().write_all(b"\x1b[5;1R");
                }
                answered = asked;
            }
        });
        Self { script, written, keys, reader: Some(reader) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    fn wait_for(&self, what: &str) {
        let begun = Instant::now();
        while !self.text().contains(what) {
            assert!(begun.elapsed() < PATIENCE, "no {what:?} in {:?}", self.text());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn press(&self, keys: &str) {
        let mut keyboard = self.keys.lock().unwrap();
        keyboard.write_all(keys.as_bytes()).and_then(|()| keyboard.flush()).unwrap();
    }

    /// All that was written, when the shell has ended.
    fn ended(mut self) -> String {
        self.wait_for("ended: ");
        self.script.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        self.text()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

fn has_script() -> bool {
    let has = Command::new("script").arg("--version").output().is_ok();
    if !has {
        skipped!("there is no script(1) to make a terminal");
    }
    has
}

#[test]
fn a_line_that_is_being_typed_survives_what_others_say() {
    if !has_script() {
        return;
    }
    for transport in [Transport::Udp, Transport::Tcp] {
        let server = room("thread", transport, &[]);
        let mut anna = Member::enter(&server, transport, "anna");
        let terminal = Terminal::of(&server, transport, "bob");
        anna.expect("bob entered");
        terminal.wait_for("bob> ");
        terminal.press("half a 句");
        terminal.wait_for("句");
        anna.say("C anna I interrupt you");
        terminal.wait_for("anna said: I interrupt you");
        terminal.press(" and the rest\r");
        anna.expect("bob said: half a 句 and the rest");
        terminal.press("/quit\r");
        anna.expect("bob left");
        let text = terminal.ended();
        assert!(text.contains("ended: 0") && text.contains("as before"), "{text:?}");
        stop(server);
    }
}

#[test]
fn ctrl_c_and_ctrl_d_leave_and_give_the_terminal_back() {
    if !has_script() {
        return;
    }
    let server = room("epoll", Transport::Udp, &[]);
    let mut anna = Member::enter(&server, Transport::Udp, "anna");
    for key in ["\x03", "\x04"] {
        let terminal = Terminal::of(&server, Transport::Udp, "bob");
        anna.expect("bob entered");
        terminal.wait_for("bob> ");
        terminal.press(key);
        anna.expect("bob left");
        let text = terminal.ended();
        assert!(text.contains("ended: 0") && text.contains("as before"), "{key:?}: {text:?}");
    }
    stop(server);
}

#[test]
fn a_room_that_closes_gives_the_terminal_back() {
    if !has_script() {
        return;
    }
    for transport in [Transport::Udp, Transport::Tcp] {
        let server = room("epoll", transport, &[]);
        let mut anna = Member::enter(&server, transport, "anna");
        let terminal = Terminal::of(&server, transport, "bob");
        anna.expect("bob entered");
        terminal.wait_for("bob> ");
        terminal.press("half a line");
        terminal.wait_for("half a line");
        stop(server);
        let text = terminal.ended();
        assert!(
            text.contains("ended: 1") && text.contains("as before") && text.contains("the room"),
            "{text:?}"
        );
    }
}
