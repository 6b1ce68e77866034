//! A client with no socket, and a model that does at once whatever a session asks for.

use workloads::{Conversation, Done, Next, Peer, Service, Value, Work};

/// A client that has heard so many bytes leaves: a few bytes of a request may ask for a gigabyte.
const ENOUGH_BYTES: usize = 40_000;

/// The longest reply that is made in one piece whatever stands unsent, or a little more.
const LONGEST_REPLY_BYTES: usize = 4_096;

/// How a connection stood in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The session still wants to read, though nothing will come.
    Open,
    /// The session closed it, or refused what came.
    Closed,
    /// The client had heard enough.
    Left,
}

/// What came of a connection.
pub(crate) struct Talk {
    pub(crate) heard: Vec<u8>,
    pub(crate) ending: Ending,
}

/// Sends the pieces, and then no more, and hears what comes back. What is to be computed goes to `compute`.
pub(crate) fn talk(service: &dyn Service, pieces: &[&[u8]], compute: fn(Work) -> Value) -> Talk {
    let mut conversation = Conversation::new(service, Peer::default());
    let mut talk = Talk { heard: Vec::new(), ending: Ending::Open };
    for piece in pieces {
        let next = conversation.arrived(piece);
        talk.settle(&mut conversation, next, compute);
        if talk.ending != Ending::Open {
            return talk;
        }
    }
    let next = conversation.ended();
    talk.settle(&mut conversation, next, compute);
    talk
}

impl Talk {
    /// Does what the session asks for until it wants to read.
    fn settle(&mut self, conversation: &mut Conversation, mut next: Next, compute: fn(Work) -> Value) {
        let most = conversation.limits().output_bytes + LONGEST_REPLY_BYTES;
        let mut in_vain = 0;
        loop {
            let heard = self.heard.len();
            assert!(
                conversation.output().len() <= most,
                "{} bytes stand unsent",
                conversation.output().len()
            );
            self.hear(conversation);
            if let Next::File(part) = &mut next {
                while part.length() > 0 && self.heard.len() <= ENOUGH_BYTES {
                    conversation.load(part).expect("a file that stays as long as it was");
                    self.hear(conversation);
                }
            }
            in_vain = if self.heard.len() == heard { in_vain + 1 } else { 0 };
            assert!(in_vain < 10, "it asks for {next:?} again and again, and says nothing");
            if self.heard.len() > ENOUGH_BYTES {
                self.ending = Ending::Left;
                return;
            }
            let done = match next {
                Next::Read => return,
                Next::Close | Next::Refuse => {
                    self.ending = Ending::Closed;
                    return;
                }
                Next::Flush | Next::File(_) => Done::Flushed,
                Next::Wait(_) => Done::Waited,
                Next::Compute(work) => Done::Computed(compute(work)),
            };
            next = conversation.resumed(done);
        }
    }

    fn hear(&mut self, conversation: &mut Conversation) {
        self.heard.extend_from_slice(conversation.output());
        conversation.sent(conversation.output().len());
    }
}

/// The bytes in pieces: one by one, and in lengths that depend on nothing but the bytes, so that whatever fails fails again.
pub(crate) fn split(bytes: &[u8]) -> [Vec<&[u8]>; 2] {
    [bytes.chunks(1).collect(), some_pieces(bytes)]
}

fn some_pieces(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut state = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |state: u64, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3) // FNV-1a
    });
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let most = if state >> 63 == 0 { 8 } else { 400 };
        let (piece, rest) = bytes.split_at(bytes.len().min(1 + (state >> 33) as usize % most));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// Bytes as they are shown when something is wrong with them.
pub(crate) fn shown(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(4_000)].escape_ascii().to_string()
}
