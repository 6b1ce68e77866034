//! A model with no sockets: it does at once whatever a session asks for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use workloads::client::{Checker, Reply};
use workloads::http::Http;
use workloads::{Conversation, Done, FilePart, Next, Peer, Service};

/// The HTTP service at a fixed moment.
pub(crate) fn http() -> Http {
    Http { clock: || moment(784_111_777), ..Http::default() }
}

/// So many seconds after 1970.
pub(crate) fn moment(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// How a connection stands in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Open,
    Closed,
    Refused,
}

/// A connection to a service.
pub(crate) struct Connection {
    conversation: Conversation,
    pub(crate) ending: Ending,
    /// All that was sent to the client.
    pub(crate) heard: Vec<u8>,
    /// The most output that stood unsent.
    pub(crate) peak: usize,
    /// How long the session asked to wait, in all.
    pub(crate) waited: Duration,
}

impl Connection {
    pub(crate) fn to(service: &dyn Service) -> Self {
        Self {
            conversation: Conversation::new(service, Peer::default()),
            ending: Ending::Open,
            heard: Vec::new(),
            peak: 0,
            waited: Duration::ZERO,
        }
    }

    /// Sends bytes, unless the connection is closed.
    pub(crate) fn say(&mut self, bytes: &[u8]) -> &mut Self {
        if self.ending == Ending::Open {
            let next = self.conversation.arrived(bytes);
            self.settle(next);
        }
        self
    }

    /// Sends no more.
    pub(crate) fn end(&mut self) -> &mut Self {
        if self.ending == Ending::Open {
            let next = self.conversation.ended();
            self.settle(next);
        }
        self
    }

    pub(crate) fn pending(&self) -> bool {
        self.conversation.pending()
    }

    /// How many replies, or parts of one, there were: each gives what is pending its time anew.
    pub(crate) fn replies(&self) -> u64 {
        self.conversation.replies()
    }

    /// Sends a part of a file, as a model does that can't have the kernel do it.
    fn send(&mut self, mut part: FilePart) {
        while part.length() > 0 {
            self.conversation.load(&mut part).expect("the file is as long as it was");
            let bytes = self.conversation.output().len();
            self.heard.extend_from_slice(self.conversation.output());
            self.peak = self.peak.max(bytes);
            self.conversation.sent(bytes);
        }
    }

    fn settle(&mut self, mut next: Next) {
        loop {
            let output = self.conversation.output();
            let bytes = output.len();
            self.heard.extend_from_slice(output);
            self.peak = self.peak.max(bytes);
            self.conversation.sent(bytes);
            let done = match next {
                Next::Read => return,
                Next::Close => return self.ending = Ending::Closed,
                Next::Refuse => return self.ending = Ending::Refused,
                Next::Flush => Done::Flushed,
                Next::File(part) => {
                    self.send(part);
                    Done::Flushed
                }
                Next::Wait(time) => {
                    self.waited += time;
                    Done::Waited
                }
                Next::Compute(work) => Done::Computed(work()),
            };
            next = self.conversation.resumed(done);
        }
    }
}

/// Cuts bytes into pieces; the places are taken modulo the length.
pub(crate) fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).filter(|piece| !piece.is_empty()).collect()
}

/// Lets a checker look at pieces, and counts the whole replies; an error is what the checker says is wrong.
pub(crate) fn count(checker: &mut dyn Checker, pieces: &[&[u8]]) -> Result<usize, String> {
    let mut whole = 0;
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            match checker.arrived(rest) {
                Reply::More => break,
                Reply::Whole { used, .. } => {
                    whole += 1;
                    rest = &rest[used..];
                }
                Reply::Short => return Err("short before the end".to_owned()),
                Reply::Wrong(sentence) => return Err(sentence),
            }
        }
    }
    Ok(whole)
}
