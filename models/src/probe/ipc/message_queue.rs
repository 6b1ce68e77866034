//! `message-queue`: two POSIX message queues, one for each way.
//!
//! `mq_open(3)` makes a queue under a name, with room for so many messages of at most so many bytes. `mq_send(3)` puts a whole
//! message in, `mq_receive(3)` takes a whole one out, that of the highest priority first; who finds it full or empty
//! sleeps. Messages outlive their sender, and the queue all who use it: it stays until `mq_unlink(3)`. Here its name is
//! taken away as soon as both ends are open, and the queue then goes with the last of them. A privileged process has queues
//! apart from all others'.
//!
//! Good at messages with borders, at several senders and receivers, at urgent ones. Bad at long ones: 8 KiB unless
//! `fs.mqueue.msgsize_max` is raised or the process is privileged (`CAP_SYS_RESOURCE`), and all queues of a user share
//! `RLIMIT_MSGQUEUE`. A message that is too long is refused here, not sent in pieces: who needs pieces has better ways.
//!
//! Source: `mq_overview(7)`, `mq_open(3)`, `mq_send(3)`, `ipc_namespaces(7)`.

use nix::errno::Errno;
use nix::mqueue::{MQ_OFlag, MqAttr, MqdT, mq_close, mq_open, mq_receive, mq_send, mq_unlink};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;

use super::super::{Probe, Suite, Trouble};
use super::names::{self, Which};
use super::process::between_processes;
use super::ticks::uninterrupted;
use super::{End, Peer, all_sizes_and_together, any_size};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "message-queue",
    family: "processes",
    summary: "mq_open(3): whole messages, kept in order by the kernel",
    settings: all_sizes_and_together,
    measure: |setting, time| between_processes(setting, any_size(setting)?, time, ends),
};

/// What fits into both queues under the usual limit of 800 KiB for a user, with what the kernel counts beside messages.
const BYTES_IN_A_QUEUE: usize = 300 * 1024;
/// As many as anybody may have in a queue (`fs.mqueue.msg_max`, unless it was changed).
const MESSAGES: usize = 10;

struct Queues {
    input: Queue,
    output: Queue,
}

fn ends(bytes: usize) -> Result<(Queues, Queues), Trouble> {
    apart();
    let (here, there) = (queue(Which::Here, bytes)?, queue(Which::There, bytes)?);
    Ok((Queues { input: here.0, output: there.1 }, Queues { input: there.0, output: here.1 }))
}

impl End for Queues {
    fn send(&mut self, message: &[u8], peer: &Peer<'_>) -> Result<(), Trouble> {
        let queue = self.output.opened()?;
        uninterrupted(peer, || mq_send(queue, message, 0))
    }

    fn receive(&mut self, message: &mut Vec<u8>, peer: &Peer<'_>) -> Result<(), Trouble> {
        let queue = self.input.opened()?;
        let mut priority = 0;
        let length = uninterrupted(peer, || mq_receive(queue, message, &mut priority))?;
        message.truncate(length);
        Ok(())
    }
}

/// Takes this process to where there are no other queues (`ipc_namespaces(7)`), if it may: what is named there is gone with
/// the last process that is there, also with one that is killed before it has taken its names away.
fn apart() {
    let _ = unshare(CloneFlags::CLONE_NEWIPC); // it takes privileges; without them it is only less tidy
}

/// The end to receive from, and the one to send to.
fn queue(which: Which, bytes: usize) -> Result<(Queue, Queue), Trouble> {
    let name = names::queue(which);
    let input = make(&name, bytes).map_err(refusal)?;
    let output = Queue::open(&name, MQ_OFlag::O_WRONLY, None);
    mq_unlink(&*name)?;
    Ok((input, output.map_err(refusal)?))
}

fn make(name: &str, bytes: usize) -> nix::Result<Queue> {
    let messages = (BYTES_IN_A_QUEUE / bytes).clamp(1, MESSAGES);
    let room = MqAttr::new(0, messages.cast_signed() as i64, bytes.cast_signed() as i64, 0);
    let new = MQ_OFlag::O_RDONLY | MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL;
    match Queue::open(name, new, Some(&room)) {
        // Of a process that was killed in the few microseconds in which it had one, and whose number we have now.
        Err(Errno::EEXIST) => mq_unlink(name).and_then(|()| Queue::open(name, new, Some(&room))),
        made => made,
    }
}

fn refusal(error: Errno) -> Trouble {
    Trouble::Unsupported(match error {
        Errno::ENOSYS => {
            "this kernel has no POSIX message queues; one with CONFIG_POSIX_MQUEUE has".to_owned()
        }
        Errno::EINVAL => {
            "a message queue takes no message as long as this, or not ten messages; raise fs.mqueue.msgsize_max and \
             fs.mqueue.msg_max (sysctl)"
            .to_owned()
        }
        Errno::EMFILE | Errno::ENOMEM => {
            "two queues for messages as long as this are more than a user may have, or too many files are open; raise the \
             limits (ulimit -q, ulimit -n)"
            .to_owned()
        }
        Errno::ENOSPC => "there are too many message queues; raise fs.mqueue.queues_max (sysctl)".to_owned(),
        other => return other.into(),
    })
}

/// An opening of a queue, which nix does not close by itself.
struct Queue(Option<MqdT>);

impl Queue {
    fn open(name: &str, how: MQ_OFlag, room: Option<&MqAttr>) -> nix::Result<Self> {
        mq_open(name, how | MQ_OFlag::O_CLOEXEC, Mode::S_IRUSR | Mode::S_IWUSR, room)
            .map(|queue| Self(Some(queue)))
    }

    fn opened(&self) -> nix::Result<&MqdT> {
        self.0.as_ref().ok_or(Errno::EBADF)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            let _ = mq_close(queue); // it fails for a number that is no queue's only
        }
    }
}
