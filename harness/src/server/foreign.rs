//! Anyone's server: a command line to start it by, in whatever language it is written.
//!
//! The command is split into words as a shell would, with quotes and backslashes, but no shell runs it: so its first
//! process is the server itself, which a signal reaches. Who wants a shell's variables or pipes writes `sh -c '...'`.
//!
//! `{port}` in it stands for a port that is free, and `{workload}` for what the server is to serve.
//!
//! The server is started through `concur become`, which asks the kernel to end it when the harness ends and then turns
//! into it (`PR_SET_PDEATHSIG` outlives `execve(2)`), so that a harness which is killed leaves no such server behind.

use std::env;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Server;

/// What stands for the port in a command.
const PORT: &str = "{port}";
/// What stands for the workload in a command.
const WORKLOAD: &str = "{workload}";

/// How to start a server that is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignCommand {
    words: Vec<String>,
}

impl ForeignCommand {
    /// Reads a command as it would be typed: `python3 server.py --port {port}`.
    ///
    /// # Errors
    /// There is no word in it, or a quote is not closed.
    pub fn parse(text: &str) -> Result<Self> {
        let words = split(text)?;
        if words.is_empty() {
            bail!("the command is empty; try 'python3 server.py {PORT}'");
        }
        Ok(Self { words })
    }

    /// Starts it to serve `workload`. A server whose command has `{port}` is ready when that port takes a connection;
    /// any server is when it says `listening on ADDRESS`.
    ///
    /// The port is free when it is chosen. Another program could take it before the server does: then the server says
    /// so, and does not start.
    pub fn start(&self, workload: &str, ready_within: Duration) -> Result<Server> {
        let program = env::current_exe().context("the path of the running program can't be found")?;
        let parent = process::id().to_string();
        let mut command = vec![program.into_os_string()];
        command.extend(["become", "--with-parent", &parent, "--"].map(OsString::from));
        let has_port = self.words.iter().any(|word| word.contains(PORT));
        let door = if has_port { Some(free_port().context("there is no free port")?) } else { None };
        let port = door.map(|door| door.port().to_string()).unwrap_or_default();
        let words = self.words.iter().map(|word| word.replace(PORT, &port).replace(WORKLOAD, workload));
        command.extend(words.map(OsString::from));
        match door {
            Some(door) => Server::start_at(&command, door, ready_within),
            None => Server::start(&command, ready_within).context(
                "a command without {port} must say 'listening on ADDRESS' first; write {port} where its port goes",
            ),
        }
    }
}

fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Splits as a shell does: blanks part words, single quotes keep everything, double quotes keep all but a backslash
/// before `"` or `\`, and elsewhere a backslash keeps the character behind it.
fn split(text: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (None, ' ' | '\t' | '\n' | '\r') => words.extend(word.take()),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default(); // '' is a word
            }
            (Some(open), _) if c == open => quote = None,
            (None, '\\') => word.get_or_insert_default().extend(rest.next()),
            (Some('"'), '\\') => {
                let kept = rest.next_if(|next| matches!(next, '"' | '\\'));
                word.get_or_insert_default().push(kept.unwrap_or(c));
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        bail!("a quote is not closed in the command: {open}; close it, or write \\{open}");
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_split_and_quoted_as_in_a_shell() {
        for (text, words) in [
            ("a b", &["a", "b"][..]),
            ("  a\t b\n", &["a", "b"]),
            ("'a b' \"c d\"", &["a b", "c d"]),
            ("a'b'\"c\"d", &["abcd"]),
            ("'' a", &["", "a"]),
            (r"a\ b \'", &["a b", "'"]),
            (r#""a\"b" "\n" '\'"#, &["a\"b", r"\n", r"\"]),
            ("", &[]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
        for text in ["'a", "a \"b", "'a\"", "\"a\\\""] {
            assert!(split(text).unwrap_err().to_string().contains("not closed"), "{text}");
        }
    }

    #[test]
    fn a_command_of_no_words_is_refused() {
        assert!(ForeignCommand::parse("  ").unwrap_err().to_string().contains("is empty"));
    }

    proptest! {
        #[test]
        fn whatever_stands_in_single_quotes_is_kept(words in prop::collection::vec("[^']{0,8}", 1..5)) {
            let text: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            prop_assert_eq!(split(&text.join(" ")).unwrap(), words);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = split(&text);
        }
    }
}
