//! The path of a Unix socket: a file that outlives its socket, so that it is taken and given back with care.
//!
//! bind(2) makes the file with the permissions that the umask leaves, fails if anything stands there already, and
//! closing the socket removes nothing (unix(7)). So a server that was killed leaves a path at which nobody answers, and
//! the next one may take it; but never one at which somebody does, nor a file that is no socket.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, open};
use nix::sys::stat::{Mode, fstat, lstat};
use nix::unistd::{Pid, UnlinkatFlags, getpid, unlink, unlinkat};
use socket2::{SockAddr, Socket, Type};

/// How long another server may take to come up at a path beside ours.
const LOCK_LIMIT: Duration = Duration::from_secs(1);
const LOCK_LOOK: Duration = Duration::from_millis(10);

/// Binds `socket` to `path` and has `listen` make it listen. What a server that is gone has left there is replaced.
///
/// The directory is locked meanwhile (flock(2)): a socket that is bound and does not listen yet looks like one whose
/// server is gone, and of two servers that find the same remains only one may clear them away.
///
/// # Errors
/// `AddrInUse`: somebody answers there. `AlreadyExists`: something else than a socket stands there; it is left alone.
pub(super) fn bind(
    socket: &Socket,
    path: &Path,
    listen: impl FnOnce(&Socket) -> io::Result<()>,
) -> io::Result<()> {
    let address = SockAddr::unix(path)?;
    let _locked = lock_directory(path)?;
    match socket.bind(&address) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            clear_remains(path, &address)?;
            socket.bind(&address)?;
        }
        bound => bound?,
    }
    listen(socket)
}

fn lock_directory(path: &Path) -> io::Result<Flock<File>> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut directory = File::open(parent.unwrap_or(Path::new(".")))?;
    let deadline = Instant::now() + LOCK_LIMIT;
    loop {
        match Flock::lock(directory, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => return Ok(locked),
            Err((unlocked, Errno::EAGAIN | Errno::EINTR)) if Instant::now() < deadline => {
                directory = unlocked;
                thread::sleep(LOCK_LOOK);
            }
            Err((_, error)) => return Err(error.into()),
        }
    }
}

/// Removes what stands at `path` if it is a socket at which nobody answers.
fn clear_remains(path: &Path, address: &SockAddr) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        let what = "something that is no socket stands there, and is left alone";
        return Err(io::Error::new(ErrorKind::AlreadyExists, what));
    }
    let probe = Socket::new(address.domain(), Type::STREAM.nonblocking(), None)?;
    match probe.connect(address) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        // Whatever else it comes to: somebody is there, be it with a full queue or with another kind of socket.
        Ok(()) | Err(_) => Err(ErrorKind::AddrInUse.into()),
    }
}

/// A path that this process has bound a socket to. It goes when this does, if it is still ours by then.
///
/// A forked child has a copy of this and must not remove its parent's path: only the process that made it does.
#[derive(Debug)]
pub struct OwnPath {
    path: PathBuf,
    /// Removed as well, if nothing else is in it.
    directory: Option<PathBuf>,
    /// The file itself (`O_PATH`, open(2)): while it is held, no other file gets its number.
    file: OwnedFd,
    owner: Pid,
}

impl OwnPath {
    /// The path of a socket that listens there. With `directory_too` its directory was made for it alone and goes with
    /// it.
    ///
    /// # Errors
    /// The file is not there any more.
    pub fn of(path: &Path, directory_too: bool) -> io::Result<Self> {
        let file = open(path, OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())?;
        let directory = path.parent().filter(|_| directory_too).map(Path::to_owned);
        Ok(Self { path: path.to_owned(), directory, file, owner: getpid() })
    }

    /// Removes it, unless it is another's by now. May be called from a signal handler, and more than once: it makes
    /// system calls that signal-safety(7) lists, and copies paths as short as these to the stack.
    pub(super) fn remove(&self) {
        if getpid() != self.owner || !self.is_ours() {
            return;
        }
        // What can't be removed stays: the next server finds that nobody answers there.
        let _ = unlink(&self.path);
        if let Some(directory) = &self.directory {
            let _ = unlinkat(nix::fcntl::AT_FDCWD, directory, UnlinkatFlags::RemoveDir);
        }
    }

    fn is_ours(&self) -> bool {
        let (Ok(ours), Ok(there)) = (fstat(&self.file), lstat(&self.path)) else { return false };
        (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)
    }
}

impl Drop for OwnPath {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

    use tempfile::TempDir;

    use super::*;

    fn place() -> (TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        (directory, path)
    }

    fn listen(path: &Path) -> io::Result<Socket> {
        let socket = Socket::new(socket2::Domain::UNIX, Type::STREAM, None)?;
        bind(&socket, path, |socket| socket.listen(8))?;
        Ok(socket)
    }

    fn kind(result: io::Result<Socket>) -> ErrorKind {
        result.unwrap_err().kind()
    }

    #[test]
    fn a_path_at_which_nobody_answers_is_taken_over() {
        let (_directory, path) = place();
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "closing a socket leaves its path");
        let _listener = listen(&path).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn a_path_at_which_somebody_answers_is_left_alone() {
        let (_directory, path) = place();
        let first = listen(&path).unwrap();
        assert_eq!(kind(listen(&path)), ErrorKind::AddrInUse);
        UnixStream::connect(&path).unwrap();
        drop(first);
        let _first = UnixListener::bind(path.with_extension("stream")).unwrap();
        let _datagrams = UnixDatagram::bind(path.with_extension("datagram")).unwrap();
        for other in ["stream", "datagram"] {
            assert_eq!(kind(listen(&path.with_extension(other))), ErrorKind::AddrInUse, "{other}");
        }
    }

    #[test]
    fn a_server_whose_queue_is_full_is_there_all_the_same() {
        let (_directory, path) = place();
        let first = Socket::new(socket2::Domain::UNIX, Type::STREAM, None).unwrap();
        bind(&first, &path, |socket| socket.listen(0)).unwrap();
        let _waiting = UnixStream::connect(&path).unwrap();
        assert_eq!(kind(listen(&path)), ErrorKind::AddrInUse);
    }

    #[test]
    fn what_is_no_socket_is_never_removed() {
        let (directory, path) = place();
        fs::write(&path, "a letter").unwrap();
        assert_eq!(kind(listen(&path)), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a letter");
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(directory.path().join("nowhere"), &link).unwrap();
        assert_eq!(kind(listen(&link)), ErrorKind::AlreadyExists);
        assert!(fs::symlink_metadata(&link).is_ok());
    }

    #[test]
    fn a_missing_directory_is_told() {
        let (directory, _) = place();
        assert_eq!(kind(listen(&directory.path().join("nowhere/socket"))), ErrorKind::NotFound);
    }

    #[test]
    fn of_many_servers_at_once_one_gets_the_path() {
        let (_directory, path) = place();
        for _ in 0..5 {
            drop(UnixListener::bind(&path).unwrap()); // remains for all to find
            let listeners = thread::scope(|scope| {
                // Slow enough to be taken for remains between binding and listening.
                let slowly = || {
                    let socket = Socket::new(socket2::Domain::UNIX, Type::STREAM, None).ok()?;
                    let listen = |socket: &Socket| {
                        thread::sleep(Duration::from_millis(5));
                        socket.listen(8)
                    };
                    bind(&socket, &path, listen).ok().map(|()| socket)
                };
                let all: Vec<_> = (0..8).map(|_| scope.spawn(slowly)).collect();
                all.into_iter().filter_map(|one| one.join().unwrap()).collect::<Vec<_>>()
            });
            assert_eq!(listeners.len(), 1);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_path_of_ones_own_goes_in_the_end() {
        let (directory, path) = place();
        let listener = listen(&path).unwrap();
        let own = OwnPath::of(&path, false).unwrap();
        drop((listener, own));
        assert!(!path.exists() && directory.path().exists());
        let listener = listen(&path).unwrap();
        drop((listener, OwnPath::of(&path, true).unwrap()));
        assert!(!directory.path().exists());
    }

    #[test]
    fn a_path_that_is_anothers_by_then_stays() {
        let (_directory, path) = place();
        // Many times: a file system is free to give the next file the number of the last.
        for _ in 0..20 {
            let listener = listen(&path).unwrap();
            let own = OwnPath::of(&path, false).unwrap();
            drop(listener);
            let _next = listen(&path).unwrap();
            drop(own);
            UnixStream::connect(&path).unwrap();
        }
    }
}
