//! The requests of a client, one after the other, and the replies to them.

use std::fs::File;
use std::io;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::DROPS;
use super::answers::{Next, Reply};
use super::connection::Connection;
use super::fault::Fault;
use super::request::{Request, whole_body, whole_head};

/// What large bodies are made of.
static FILLING: [u8; 16 * 1024] = [b'x'; 16 * 1024];
/// How many pieces who grows keeps: some 100 MiB, so that the machine survives the test.
const PIECES_AT_MOST: usize = 8_192;

/// So often a client is read from when the server is to stop.
const LAST_TURNS: usize = 20;

impl Connection {
    pub(super) fn http(&mut self) -> io::Result<()> {
        if self.fault == Fault::Grows {
            let (queue, pieces) = sync_channel::<Vec<u8>>(PIECES_AT_MOST);
            let mut out = self.stream.try_clone()?;
            let thread = thread::spawn(move || pieces.iter().try_for_each(|piece| out.write_all(&piece)));
            self.sender = Some((queue, thread));
        }
        let refused = self.answer_until_the_end();
        if let Some((queue, thread)) = self.sender.take() {
            drop(queue);
            thread.join().unwrap_or(Ok(()))?;
        }
        let refused = refused?;
        let closes_at_once = match self.fault {
            Fault::ResetsRefusals => refused,
            Fault::ResetsOthers if refused => self.has_declined,
            Fault::ClosesOnSigterm | Fault::ClosesBehindFirst => !refused,
            _ => !refused && !self.stopping.load(Ordering::SeqCst),
        };
        if closes_at_once { Ok(()) } else { self.hear_out() }
    }

    /// Answers what comes, and says whether the last of it was refused.
    fn answer_until_the_end(&mut self) -> io::Result<bool> {
        let mut input = Vec::new();
        let mut turns_left = LAST_TURNS;
        loop {
            match self.answer_all(&mut input)? {
                Next::Read => {}
                Next::Close => return Ok(false),
                Next::Refuse => return Ok(true),
            }
            self.is_within_request = !input.is_empty();
            if self.stopping.load(Ordering::SeqCst) && !self.is_within_request {
                turns_left -= 1;
                if turns_left == 0 {
                    return Ok(false); // who never pauses would be served until the end of the process, and cut by it
                }
            }
            if !self.read_more(&mut input)? {
                if self.fault == Fault::BlamesHalves && self.is_within_request {
                    let (reply, _) = self.refusal(400, false);
                    self.send(&reply)?;
                }
                return Ok(false);
            }
        }
    }

    /// Reads the body of a request whose head was taken from `input`; else the status that says what is wrong with it.
    fn body(&mut self, request: &Request, input: &mut Vec<u8>) -> io::Result<Result<Vec<u8>, u16>> {
        if request.expects_continue && input.is_empty() && self.fault != Fault::NoContinue {
            self.put(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        self.is_within_request = true;
        loop {
            match whole_body(input, request.framing, self.fault) {
                Err(status) => return Ok(Err(status)),
                Ok(Some((body, end))) => {
                    input.drain(..end);
                    return Ok(Ok(body));
                }
                Ok(None) if !self.read_more(input)? => return Ok(Err(400)), // it is cut short
                Ok(None) => {}
            }
        }
    }

    /// Answers every whole request that has come.
    pub(super) fn answer_all(&mut self, input: &mut Vec<u8>) -> io::Result<Next> {
        let mut replies: Vec<Reply> = Vec::new();
        let mut next = Next::Read;
        while let Some((head, end)) = whole_head(input, self.fault) {
            let is_head = head.as_ref().is_ok_and(|head| head.starts_with(b"HEAD "));
            let outcome = head.and_then(|head| Request::parse(&head, self.fault));
            input.drain(..end);
            self.has_declined = matches!(outcome, Ok(_) | Err(417));
            let (reply, then) = match outcome {
                Ok(request)
                    if request.path == "/echo"
                        && request.method == "POST"
                        && !self.fault.has_only_hello() =>
                {
                    match self.body(&request, input)? {
                        Ok(body) => self.echoed(&body, &request),
                        Err(status) => {
                            self.has_declined = false;
                            self.refusal(status, false)
                        }
                    }
                }
                Ok(request) => self.answer(&request),
                Err(status) => self.refusal(status, is_head),
            };
            if self.fault == Fault::LeaksRefused && matches!(then, Next::Refuse) {
                std::mem::forget(File::open("/dev/null")?);
            }
            if self.fault == Fault::LeavesHalfClosed && self.is_half_closed() {
                return Ok(Next::Close);
            }
            if self.fault == Fault::OutOfOrder {
                replies.insert(0, reply);
            } else {
                self.send(&reply)?;
            }
            match then {
                Next::Read
                    if self.fault == Fault::ClosesBehindFirst && self.stopping.load(Ordering::SeqCst) =>
                {
                    next = Next::Close;
                    break;
                }
                Next::Read => {}
                Next::Refuse if self.fault == Fault::AnswersSmuggled => {}
                Next::Refuse | Next::Close => {
                    next = then;
                    break;
                }
            }
        }
        replies.iter().try_for_each(|reply| self.send(reply))?;
        Ok(next)
    }

    fn send(&mut self, reply: &Reply) -> io::Result<()> {
        if DROPS.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        self.put(&reply.text)?;
        let mut left = reply.filling;
        while left > 0 {
            let piece = left.min(FILLING.len());
            self.put(&FILLING[..piece])?;
            left -= piece;
        }
        let Some((file, range)) = &reply.file else { return Ok(()) };
        let mut at = range.start;
        while at < range.end {
            let mut piece = vec![0; FILLING.len().min((range.end - at) as usize)];
            file.read_exact_at(&mut piece, at)?;
            self.put(&piece)?;
            at += piece.len() as u64;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.fault == Fault::SharesAnswers {
            self.held.extend_from_slice(bytes);
            return Ok(());
        }
        match &self.sender {
            None => self.stream.write_all(bytes),
            Some((queue, _)) => queue.send(bytes.to_vec()).map_err(|_| ErrorKind::BrokenPipe.into()),
        }
    }
}
