//! Why something was not done: a word for programs and a sentence for people, both of which go over the wire.

use std::fmt;
use std::io;

use rustix::io::Errno;

/// Why a server says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The line is none of the commands.
    Command,
    /// The line does not end where it must.
    Line,
    /// No file may be called so.
    Name,
    /// There is no such file.
    Missing,
    /// Something that is no file has this name.
    Taken,
    /// Nothing is taken here.
    ReadOnly,
    /// The file is larger than this many bytes.
    Size(u64),
    /// There are this many files already.
    Files(u64),
    /// The list would be longer than this many bytes.
    List(u64),
    /// The disk has no room.
    Full,
    /// The bytes are not those that were sent.
    Checksum,
    /// The connection ended too soon.
    Short,
    /// Too much is under way.
    Busy,
    /// The system won't let the server.
    Denied,
    /// The disk has failed, or something else of the server's.
    Failed,
}

impl Refusal {
    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Line => "line",
            Self::Name => "name",
            Self::Missing => "missing",
            Self::Taken => "taken",
            Self::ReadOnly => "read-only",
            Self::Size(_) => "size",
            Self::Files(_) => "files",
            Self::List(_) => "list",
            Self::Full => "full",
            Self::Checksum => "checksum",
            Self::Short => "short",
            Self::Busy => "busy",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }

    /// What an error of the system comes to.
    pub(super) fn of(error: &io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Self::Full,
            Some(Errno::NOENT | Errno::LOOP | Errno::NXIO | Errno::STALE) => Self::Missing,
            Some(Errno::NAMETOOLONG | Errno::INVAL | Errno::ILSEQ) => Self::Name,
            Some(Errno::ISDIR | Errno::NOTDIR | Errno::EXIST) => Self::Taken,
            Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => Self::Denied,
            Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN) => Self::Busy,
            _ => Self::Failed,
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::of(&error)
    }
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        Self::of(&error.into())
    }
}

/// The sentence for people.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command => f.write_str("A line is L, G NAME, P LENGTH NAME or Q."),
            Self::Line => f.write_str("A line has 300 bytes at most and ends in LF."),
            Self::Name => f.write_str(
                "A name is 1 to 255 bytes of UTF-8 without slashes or control characters, and not hidden.",
            ),
            Self::Missing => f.write_str("There is no file of this name."),
            Self::Taken => f.write_str("This name belongs to something that is no file."),
            Self::ReadOnly => f.write_str("This server only gives files, and takes none."),
            Self::Size(bytes) => write!(f, "A file may have at most {bytes} bytes here."),
            Self::Files(number) => write!(f, "There may be at most {number} files here."),
            Self::List(bytes) => write!(f, "There are more files than a list of {bytes} bytes can hold."),
            Self::Full => f.write_str("The disk is full; the old file is as it was."),
            Self::Checksum => f.write_str("What arrived is not what was sent; the old file is as it was."),
            Self::Short => f.write_str("The connection ended too soon; the old file is as it was."),
            Self::Busy => f.write_str("The server has too much to do; try again."),
            Self::Denied => f.write_str("The system does not let the server do this."),
            Self::Failed => f.write_str("The server's disk has failed."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_in_whatever_way_the_system_puts_it() {
        for error in [Errno::NOSPC, Errno::DQUOT, Errno::FBIG] {
            assert_eq!(Refusal::from(error), Refusal::Full);
        }
        assert_eq!(Refusal::from(Errno::MFILE), Refusal::Busy);
        assert_eq!(Refusal::from(Errno::IO), Refusal::Failed);
        assert_eq!(Refusal::of(&io::Error::other("anything")), Refusal::Failed);
    }
}
