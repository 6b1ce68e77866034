//! What the main thread does while the threads of a runtime serve: every now and then it looks after the clients.

use std::io;
use std::sync::mpsc::{Receiver, TryRecvError};

use super::shutdown::{OVERDUE_LOOK, Shutdown};

/// Calls `look` again and again until the server is to stop: then there is no answer. Or until `who`, that lets clients in,
/// has ended by itself: then the answer is how. It tells so over `ended`, and one that panics leaves that without a word.
///
/// # Errors
/// The bell can't be watched.
pub(crate) fn keep(
    ended: &Receiver<io::Result<()>>,
    who: &str,
    shutdown: &Shutdown,
    look: impl Fn(),
) -> io::Result<Option<io::Result<()>>> {
    loop {
        match ended.try_recv() {
            Err(TryRecvError::Empty) if shutdown.rings_within(OVERDUE_LOOK)? => return Ok(None),
            Err(TryRecvError::Empty) => look(),
            Ok(outcome) => return Ok(Some(outcome)),
            Err(TryRecvError::Disconnected) => {
                return Ok(Some(Err(io::Error::other(format!("{who} panicked")))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn shutdown() -> std::sync::Arc<Shutdown> {
        Shutdown::by_hand(Duration::from_secs(5)).unwrap()
    }

    #[test]
    fn it_ends_when_the_server_is_to_stop() {
        let (_tell, ended) = mpsc::channel();
        let (shutdown, looks) = (shutdown(), Cell::new(0));
        let look = || {
            looks.set(looks.get() + 1);
            shutdown.request();
        };
        assert!(keep(&ended, "the acceptor", &shutdown, look).unwrap().is_none());
        assert_eq!(looks.get(), 1);
    }

    #[test]
    fn it_ends_with_who_ends_early() {
        let (tell, ended) = mpsc::channel();
        tell.send(Err(io::Error::other("no descriptor"))).unwrap();
        let early = keep(&ended, "the acceptor", &shutdown(), || {}).unwrap();
        assert_eq!(early.unwrap().unwrap_err().to_string(), "no descriptor");
    }

    #[test]
    fn who_says_nothing_and_is_gone_has_panicked() {
        let (tell, ended) = mpsc::channel();
        drop(tell);
        let early = keep(&ended, "the acceptor", &shutdown(), || {}).unwrap();
        assert_eq!(early.unwrap().unwrap_err().to_string(), "the acceptor panicked");
    }
}
