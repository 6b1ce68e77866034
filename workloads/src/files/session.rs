//! One connection: commands in, answers and files out, or files in.

use std::fmt::Display;
use std::io;
use std::mem;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::download::Download;
use super::library::Library;
use super::protocol::{BYE, Command, LINE_BYTES, SUM_BYTES, Status, read_sum, sum_line};
use super::upload::Upload;
use super::{Name, Refusal};
use crate::file_part::FilePart;
use crate::later::{Outcome, later};
use crate::session::{Done, Next, Session, step_by_step};

/// How much of a file is taken in before it is written, in bytes.
const PIECE_BYTES: usize = 128 << 10;
/// A file that comes must come faster than this many bytes in the time that a request may take.
const PROGRESS_BYTES: u64 = 64 << 10;

/// The state of one connection.
pub(super) struct FilesSession {
    library: Arc<Library>,
    high_water: usize,
    state: State,
    /// A command has begun to arrive.
    pending: bool,
    /// How much has arrived of all files.
    taken: u64,
}

/// What a session is about to do.
enum State {
    /// To read a command.
    Listening,
    /// To send the list, once it is there.
    Listing(Outcome<Result<Vec<u8>, Refusal>>),
    /// To go on with the list.
    Telling(Bytes, u32),
    /// To send a file, once it is open.
    Opening(Outcome<Result<Download, Refusal>>),
    /// To send what is read of a file.
    Reading(Outcome<io::Result<(Download, FilePart)>>),
    /// To go on with a file.
    Sending(Download),
    /// To take a file in, once there is room for it.
    Beginning(Outcome<Result<Upload, Refusal>>),
    /// To take in what comes of a file.
    Taking(Upload, BytesMut),
    /// To go on taking it in, once this is written.
    Writing(Outcome<Result<Upload, Refusal>>),
    /// To say what became of a file.
    Keeping(Outcome<Result<u64, Refusal>>),
    /// Nothing more: the connection is to be closed.
    Closed,
}

impl Session for FilesSession {
    fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        step_by_step(input, output, self.high_water, |input, output| match &mut self.state {
            State::Listening => self.listen(input, output),
            State::Taking(..) => Some(self.take(input, output)),
            _ => {
                input.clear();
                Some(Next::Close)
            }
        })
    }

    fn resume(&mut self, done: Done, output: &mut BytesMut) -> Next {
        match (mem::replace(&mut self.state, State::Closed), done) {
            (State::Listening, Done::Flushed) => self.go_on(),
            (State::Telling(list, sum), Done::Flushed) => self.tell(list, sum, output),
            (State::Sending(download), Done::Flushed) => self.send(download, output),
            (State::Listing(list), Done::Computed(_)) => match list.take() {
                Some(Ok(list)) => {
                    say(output, Status::Ok(list.len() as u64));
                    let sum = crc32fast::hash(&list);
                    self.tell(list.into(), sum, output)
                }
                outcome => self.decline(refusal(outcome), output),
            },
            (State::Opening(download), Done::Computed(_)) => match download.take() {
                Some(Ok(download)) => {
                    say(output, Status::Ok(download.length()));
                    self.send(download, output)
                }
                outcome => self.decline(refusal(outcome), output),
            },
            (State::Reading(part), Done::Computed(_)) => match part.take() {
                Some(Ok((download, part))) => {
                    self.state = State::Sending(download);
                    Next::File(part)
                }
                _ => Next::Close, // in the middle of a file there is no other way to say so
            },
            (State::Beginning(upload), Done::Computed(_)) => match upload.take() {
                Some(Ok(upload)) => {
                    say(output, Status::Go(upload.length()));
                    self.state = State::Taking(upload, BytesMut::new());
                    Next::Read
                }
                outcome => self.refuse(refusal(outcome), output),
            },
            (State::Writing(upload), Done::Computed(_)) => match upload.take() {
                Some(Ok(upload)) => {
                    self.state = State::Taking(upload, BytesMut::new());
                    Next::Read
                }
                outcome => self.refuse(refusal(outcome), output),
            },
            (State::Keeping(kept), Done::Computed(_)) => match kept.take() {
                Some(Ok(length)) => {
                    say(output, Status::Ok(length));
                    self.go_on()
                }
                outcome => self.decline(refusal(outcome), output),
            },
            _ => Next::Close, // not what was asked for: a reply would be a lie
        }
    }

    fn end(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        let is_cut_short = matches!(self.state, State::Taking(..)) || !input.is_empty();
        self.state = State::Closed; // an unfinished file goes with it
        self.pending = false;
        input.clear();
        if is_cut_short {
            say(output, Status::from(Refusal::Short));
        }
        Next::Close
    }

    fn pending(&self) -> bool {
        self.pending || matches!(self.state, State::Taking(..))
    }

    fn progress(&self) -> u64 {
        self.taken / PROGRESS_BYTES
    }
}

impl FilesSession {
    /// A connection on which nothing has been said. Above `high_water` bytes the output is sent first.
    pub(super) fn new(library: Arc<Library>, high_water: usize) -> Self {
        Self { library, high_water, state: State::Listening, pending: false, taken: 0 }
    }

    /// Reads a command and does what it asks, or begins to; none if there may be more to do at once.
    fn listen(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Option<Next> {
        let end = input.iter().take(LINE_BYTES).position(|byte| *byte == b'\n');
        self.pending = end.is_none() && !input.is_empty();
        let Some(end) = end else {
            let is_long = input.len() >= LINE_BYTES;
            return Some(if is_long { self.refuse_rest(Refusal::Line, input, output) } else { Next::Read });
        };
        let line = input.split_to(end + 1);
        match Command::read(&line[..end]) {
            Ok(Command::List) => Some(self.list()),
            Ok(Command::Get(name)) => Some(self.open(name)),
            Ok(Command::Put(length, name)) => match self.may_put(length) {
                Ok(()) => Some(self.begin(name, length)),
                Err(refusal) => Some(self.refuse_rest(refusal, input, output)),
            },
            Ok(Command::Quit) => {
                output.extend_from_slice(BYE);
                input.clear();
                self.state = State::Closed;
                Some(Next::Close)
            }
            // A name that is none is asked for, and nothing else follows from it.
            Err(refusal @ Refusal::Name) if line.starts_with(b"G ") => {
                say(output, Status::from(refusal));
                None
            }
            Err(refusal) => Some(self.refuse_rest(refusal, input, output)),
        }
    }

    fn list(&mut self) -> Next {
        let library = Arc::clone(&self.library);
        let (list, next) = later(move || library.list());
        self.state = State::Listing(list);
        next
    }

    /// Sends what fits of the list, and goes on once that was sent.
    fn tell(&mut self, mut list: Bytes, sum: u32, output: &mut BytesMut) -> Next {
        let room = self.high_water.saturating_sub(output.len()).max(1);
        output.extend_from_slice(&list.split_to(room.min(list.len())));
        if list.is_empty() {
            say(output, sum_line(sum));
            return self.go_on();
        }
        self.state = State::Telling(list, sum);
        Next::Flush
    }

    fn open(&mut self, name: Name) -> Next {
        let library = Arc::clone(&self.library);
        let (download, next) = later(move || Download::begin(&library, &name));
        self.state = State::Opening(download);
        next
    }

    /// Reads the next part of a file, or says what all of them came to.
    fn send(&mut self, mut download: Download, output: &mut BytesMut) -> Next {
        if download.is_whole() {
            say(output, sum_line(download.sum()));
            return self.go_on();
        }
        let read = move || {
            let part = download.next()?;
            Ok((download, part))
        };
        let (part, next) = later(read);
        self.state = State::Reading(part);
        next
    }

    /// What can be said of a file before the disk is looked at.
    fn may_put(&self, length: u64) -> Result<(), Refusal> {
        let settings = self.library.settings();
        match settings.max_file_bytes {
            _ if settings.read_only => Err(Refusal::ReadOnly),
            most if length > most => Err(Refusal::Size(most)),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, name: Name, length: u64) -> Next {
        let library = Arc::clone(&self.library);
        let (upload, next) = later(move || library.begin(name, length));
        self.state = State::Beginning(upload);
        next
    }

    /// Takes in what has come of a file, and has it written once that is worth it.
    fn take(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        let State::Taking(upload, piece) = &mut self.state else { return Next::Close };
        let left = upload.left() - piece.len() as u64;
        let room = (PIECE_BYTES - piece.len()).min(left.min(PIECE_BYTES as u64) as usize);
        let more = input.split_to(room.min(input.len()));
        self.taken += more.len() as u64;
        piece.extend_from_slice(&more);
        let is_last = piece.len() as u64 == upload.left();
        if piece.len() == PIECE_BYTES || (is_last && !piece.is_empty()) {
            return self.write();
        }
        if !is_last || input.len() < SUM_BYTES {
            return Next::Read;
        }
        let line = input.split_to(SUM_BYTES);
        match read_sum(&line) {
            Some(sum) => self.keep(sum),
            None => self.refuse_rest(Refusal::Checksum, input, output), // and where the next command begins is not known
        }
    }

    fn write(&mut self) -> Next {
        let State::Taking(mut upload, piece) = mem::replace(&mut self.state, State::Closed) else {
            return Next::Close;
        };
        let write = move || {
            upload.write(&piece)?;
            Ok(upload)
        };
        let (upload, next) = later(write);
        self.state = State::Writing(upload);
        next
    }

    fn keep(&mut self, sum: u32) -> Next {
        let State::Taking(upload, _) = mem::replace(&mut self.state, State::Closed) else {
            return Next::Close;
        };
        let (kept, next) = later(move || upload.keep(sum));
        self.state = State::Keeping(kept);
        next
    }

    /// The next command is waited for.
    fn go_on(&mut self) -> Next {
        self.state = State::Listening;
        Next::Read
    }

    /// Says why not, and goes on with the next command.
    fn decline(&mut self, refusal: Refusal, output: &mut BytesMut) -> Next {
        say(output, Status::from(refusal));
        self.go_on()
    }

    /// Says why not, and ends the connection: what follows may be a file's bytes, and is no command.
    fn refuse(&mut self, refusal: Refusal, output: &mut BytesMut) -> Next {
        say(output, Status::from(refusal));
        self.state = State::Closed;
        self.pending = false;
        Next::Refuse
    }

    fn refuse_rest(&mut self, refusal: Refusal, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        input.clear();
        self.refuse(refusal, output)
    }
}

fn say(output: &mut BytesMut, line: impl Display) {
    output.extend_from_slice(line.to_string().as_bytes());
}

/// Why some work has come to nothing.
fn refusal<T>(outcome: Option<Result<T, Refusal>>) -> Refusal {
    outcome.and_then(Result::err).unwrap_or(Refusal::Failed)
}
