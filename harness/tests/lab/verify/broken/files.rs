//! A file server with a fault of one's choice (docs/protocols.md). Without one it is right: a thread for each connection,
//! written with nothing of the lab.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::SIGTERM;

use super::{GRACE, Guest, LOOK};

/// What is wrong with the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// A file is written where it is to be from its first byte on.
    WritesInPlace,
    /// A link is as good as what it leads to.
    FollowsLinks,
    /// Whatever is asked for is a path.
    TakesPaths,
    /// What is hidden is a file like any.
    ShowsHidden,
    /// Nobody looks at a file's checksum.
    BelievesAll,
    /// Two uploads of one name share what is not whole yet.
    SharesParts,
    /// Behind a refused upload comes the next command.
    ReadsOn,
    /// The checksum of what is sent is another one.
    WrongSums,
    /// A file is in memory whole before it is written.
    KeepsAll,
    /// What was not whole stays.
    LeavesParts,
    /// A line may look like anything near a command.
    Forgiving,
    /// What has come when a client leaves is thought to be the file.
    KeepsShort,
    /// It ends at once on SIGTERM.
    Cuts,
}

const FAULTS: [(&str, Fault); 14] = [
    ("none", Fault::None),
    ("writes-in-place", Fault::WritesInPlace),
    ("follows-links", Fault::FollowsLinks),
    ("takes-paths", Fault::TakesPaths),
    ("shows-hidden", Fault::ShowsHidden),
    ("believes-all", Fault::BelievesAll),
    ("shares-parts", Fault::SharesParts),
    ("reads-on", Fault::ReadsOn),
    ("wrong-sums", Fault::WrongSums),
    ("keeps-all", Fault::KeepsAll),
    ("leaves-parts", Fault::LeavesParts),
    ("forgiving", Fault::Forgiving),
    ("keeps-short", Fault::KeepsShort),
    ("cuts", Fault::Cuts),
];

/// How large a file may be.
const MOST_BYTES: u64 = 1 << 40;
const LINE_BYTES: usize = 300;
const PIECE_BYTES: usize = 64 << 10;
const HEAR_OUT: Duration = Duration::from_secs(2);

/// Serves this folder with the fault of this name, until SIGTERM.
pub(super) fn serve(fault: &str, root: &Path, port: u16) -> io::Result<()> {
    let fault = FAULTS.iter().find(|(name, _)| *name == fault).expect("a fault that there is").1;
    let stopping = Arc::new(AtomicBool::new(false));
    if fault != Fault::Cuts {
        signal_hook::flag::register(SIGTERM, Arc::clone(&stopping))?;
    }
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    let present = Arc::new(AtomicUsize::new(0));
    loop {
        let is_last = stopping.load(Ordering::SeqCst);
        let Ok((stream, _)) = listener.accept() else {
            if is_last {
                break;
            }
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        let (guest, stopping, root) = (Guest::new(&present), Arc::clone(&stopping), root.to_owned());
        thread::spawn(move || {
            let _ = Talk::new(stream, fault, root, stopping).and_then(|mut talk| talk.serve());
            drop(guest);
        });
    }
    drop(listener);
    let deadline = Instant::now() + GRACE;
    while present.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
        thread::sleep(LOOK);
    }
    Ok(())
}

/// One connection.
struct Talk {
    stream: TcpStream,
    fault: Fault,
    root: PathBuf,
    stopping: Arc<AtomicBool>,
    input: Vec<u8>,
}

/// Whether a connection goes on.
type GoesOn = io::Result<bool>;

impl Talk {
    fn new(stream: TcpStream, fault: Fault, root: PathBuf, stopping: Arc<AtomicBool>) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK))?;
        Ok(Self { stream, fault, root, stopping, input: Vec::new() })
    }

    fn serve(&mut self) -> io::Result<()> {
        while let Some(line) = self.line()? {
            if !self.obey(&line)? {
                break;
            }
        }
        Ok(())
    }

    /// Reads something more; false at the end of it.
    fn fill(&mut self, is_within: bool) -> GoesOn {
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            let stopping = self.stopping.load(Ordering::SeqCst);
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(read) => {
                    self.input.extend_from_slice(&buffer[..read]);
                    return Ok(true);
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if stopping && !is_within {
                        return Ok(false);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The next line; none if there is none, which was said if there should be.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.input.iter().take(LINE_BYTES).position(|byte| *byte == b'\n') {
                let line = self.input[..end].to_vec();
                self.input.drain(..=end);
                return Ok(Some(line));
            }
            if self.input.len() >= LINE_BYTES {
                self.refuse("line")?;
                return Ok(None);
            }
            let has_begun = !self.input.is_empty();
            if !self.fill(has_begun)? {
                if has_begun {
                    self.say("NO short It ended too soon.\n")?;
                }
                return Ok(None);
            }
        }
    }

    fn say(&mut self, text: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(text.as_ref())
    }

    /// Says why not, and hears the client out.
    fn refuse(&mut self, word: &str) -> GoesOn {
        self.say(format!("NO {word} It can't be done.\n"))?;
        if self.fault == Fault::ReadsOn {
            return Ok(true);
        }
        self.stream.shutdown(Shutdown::Write)?;
        let deadline = Instant::now() + HEAR_OUT;
        let mut buffer = vec![0; PIECE_BYTES];
        while Instant::now() < deadline {
            match self.stream.read(&mut buffer) {
                Ok(0) => break,
                Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                _ => {}
            }
        }
        Ok(false)
    }

    fn decline(&mut self, word: &str) -> GoesOn {
        self.say(format!("NO {word} It can't be done.\n"))?;
        Ok(true)
    }

    fn obey(&mut self, line: &[u8]) -> GoesOn {
        let line = if self.fault == Fault::Forgiving { line.trim_ascii() } else { line };
        match line {
            b"L" => self.list(),
            b"Q" => {
                self.say("OK 0\n")?;
                Ok(false)
            }
            b"l" if self.fault == Fault::Forgiving => self.list(),
            [b'G', b' ', name @ ..] => match self.path(name) {
                Some(path) => self.get(&path),
                None => self.decline("name"),
            },
            [b'P', b' ', rest @ ..] => {
                let blank = rest.iter().position(|byte| *byte == b' ');
                let Some(blank) = blank else { return self.refuse("command") };
                let digits = std::str::from_utf8(&rest[..blank]).unwrap_or_default();
                let is_number = !digits.is_empty()
                    && digits.bytes().all(|byte| byte.is_ascii_digit())
                    && (digits.len() == 1 || !digits.starts_with('0'));
                if !is_number {
                    return self.refuse("command");
                }
                let Some(path) = self.path(&rest[blank + 1..]) else { return self.refuse("name") };
                match digits.parse() {
                    Ok(length) if length <= MOST_BYTES => self.put(&path, length),
                    _ => self.refuse("size"),
                }
            }
            _ => self.refuse("command"),
        }
    }

    /// Where a file of this name is; none if no file is called so.
    fn path(&self, name: &[u8]) -> Option<PathBuf> {
        let name = std::str::from_utf8(name).ok()?;
        if self.fault == Fault::TakesPaths {
            return Some(self.root.join(name));
        }
        let is_hidden =
            name.starts_with('.') && (self.fault != Fault::ShowsHidden || name.trim_matches('.').is_empty());
        let is_bad = name.is_empty()
            || name.len() > 255
            || name.starts_with(' ')
            || name.ends_with(' ')
            || name.contains(['/', '\u{2028}', '\u{2029}', '\u{202e}'])
            || name.chars().any(char::is_control);
        (!is_hidden && !is_bad).then(|| self.root.join(name))
    }

    fn is_file(&self, path: &Path) -> bool {
        let found = if matches!(self.fault, Fault::FollowsLinks | Fault::TakesPaths) {
            fs::metadata(path)
        } else {
            fs::symlink_metadata(path)
        };
        found.is_ok_and(|found| found.is_file())
    }

    fn list(&mut self) -> GoesOn {
        let mut lines = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            let name = entry.file_name().into_string().unwrap_or_default();
            let is_shown = self.path(name.as_bytes()).is_some()
                && (self.fault != Fault::TakesPaths || !name.starts_with('.'));
            if is_shown && self.is_file(&entry.path()) {
                lines.push((name, fs::metadata(entry.path())?.len()));
            }
        }
        lines.sort();
        let lines: Vec<_> = lines.iter().map(|(name, bytes)| format!("{bytes} {name}\n")).collect();
        let list = lines.concat();
        self.say(format!("OK {}\n{list}{}", list.len(), self.sum(crc32fast::hash(list.as_bytes()))))?;
        Ok(true)
    }

    fn sum(&self, sum: u32) -> String {
        let sum = if self.fault == Fault::WrongSums { sum ^ 1 } else { sum };
        format!("SUM {sum:08x}\n")
    }

    fn get(&mut self, path: &Path) -> GoesOn {
        if !self.is_file(path) {
            return self.decline("missing");
        }
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        // Before a word is said: whoever hears it may look at our memory at once.
        let _all = if self.fault == Fault::KeepsAll { fs::read(path)? } else { Vec::new() };
        self.say(format!("OK {length}\n"))?;
        let (mut left, mut sum) = (length, crc32fast::Hasher::new());
        let mut buffer = vec![0; PIECE_BYTES];
        while left > 0 {
            let room = buffer.len().min(left as usize);
            file.read_exact(&mut buffer[..room])?;
            sum.update(&buffer[..room]);
            self.stream.write_all(&buffer[..room])?;
            left -= room as u64;
        }
        let line = self.sum(sum.finalize());
        self.say(line)?;
        Ok(true)
    }

    fn put(&mut self, path: &Path, length: u64) -> GoesOn {
        let found = fs::symlink_metadata(path);
        let is_in_the_way = found.as_ref().is_ok_and(|found| !found.is_file());
        if is_in_the_way && !matches!(self.fault, Fault::FollowsLinks | Fault::TakesPaths) {
            return self.refuse("taken");
        }
        let Ok(mut part) = Part::new(path, self.fault) else { return self.refuse("denied") };
        self.say(format!("GO {length}\n"))?;
        let (mut left, mut sum) = (length, crc32fast::Hasher::new());
        let mut kept = Vec::new();
        while left > 0 {
            if self.input.is_empty() && !self.fill(true)? {
                if self.fault == Fault::KeepsShort {
                    part.keep(path)?;
                }
                self.say("NO short It ended too soon.\n")?;
                return Ok(false);
            }
            let more = self.input.len().min(left as usize);
            sum.update(&self.input[..more]);
            if self.fault == Fault::KeepsAll {
                kept.extend_from_slice(&self.input[..more]);
            } else {
                part.file.write_all(&self.input[..more])?;
            }
            self.input.drain(..more);
            left -= more as u64;
        }
        part.file.write_all(&kept)?;
        while self.input.len() < 13 {
            if !self.fill(true)? {
                self.say("NO short It ended too soon.\n")?;
                return Ok(false);
            }
        }
        let line: Vec<u8> = self.input.drain(..13).collect();
        if self.fault != Fault::BelievesAll && line != format!("SUM {:08x}\n", sum.finalize()).as_bytes() {
            let is_sum = line.starts_with(b"SUM ") && line.ends_with(b"\n");
            drop(part);
            return if is_sum { self.decline("checksum") } else { self.refuse("checksum") };
        }
        part.keep(path)?;
        self.say(format!("OK {length}\n"))?;
        Ok(true)
    }
}

/// A file that is not whole yet.
struct Part {
    file: File,
    path: PathBuf,
    fault: Fault,
}

impl Part {
    fn new(path: &Path, fault: Fault) -> io::Result<Self> {
        static PARTS: AtomicUsize = AtomicUsize::new(0);
        let folder = path.parent().unwrap_or(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let part = match fault {
            Fault::WritesInPlace | Fault::FollowsLinks => path.to_owned(),
            Fault::SharesParts => folder.join(format!(".part-{}", &name[..name.len().min(100)])),
            _ => folder.join(format!(".part-{}", PARTS.fetch_add(1, Ordering::Relaxed))),
        };
        Ok(Self { file: File::create(&part)?, path: part, fault })
    }

    fn keep(&mut self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        match fs::rename(&self.path, path) {
            // Whoever shares it was faster.
            Err(error) if error.kind() == ErrorKind::NotFound && self.fault == Fault::SharesParts => Ok(()),
            renamed => renamed,
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // What was kept has another name by now.
        if !matches!(self.fault, Fault::LeavesParts | Fault::WritesInPlace | Fault::FollowsLinks) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
