//! `disk`: the course notes' IO job, which writes a file of many short lines and reads it back.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::num::NonZeroU64;

use super::{Family, OneStep, Run, Size, Task};
use crate::session::Value;

/// Writes lines through a buffer, brings them to the disk batch by batch, reads them back one by one and sums
/// their numbers.
///
/// The notes' job is plain writing. That only fills the page cache: the kernel copies bytes in memory and writes
/// them out some seconds later, so what is timed is a processor's work, and nothing waits that a model could
/// overlap. Here fdatasync(2) after every batch makes the job wait for the disk, as a log that must not lose
/// what it has confirmed does. Reading back is served from the page cache, as it is in the notes.
///
/// Each job has an unnamed file of its own (`O_TMPFILE`, open(2)) in `$TMPDIR` or `/tmp`. With no name it can't
/// be left behind: the kernel frees it when the job's process ends, however it ends. Where `/tmp` is kept in
/// memory (tmpfs), `TMPDIR` must name a directory on a disk, or no disk is measured.
#[derive(Debug, Clone, Copy)]
pub struct Disk {
    /// How many lines are written: some 11 bytes each.
    pub lines: u64,
    /// After how many lines the job waits for the disk.
    pub batch: NonZeroU64,
}

impl Default for Disk {
    fn default() -> Self {
        Self { lines: 200_000, batch: const { NonZeroU64::new(2_000).unwrap() } }
    }
}

impl Disk {
    /// For a job of this size.
    pub fn of(size: Size) -> Self {
        size.choose(Self::default(), Self { lines: 60_000, ..Self::default() })
    }
}

impl Task for Disk {
    fn name(&self) -> &'static str {
        "disk"
    }

    fn family(&self) -> Family {
        Family::Io
    }

    fn summary(&self) -> &'static str {
        "writes a file of 200,000 short lines (short: 60,000), synced every 2,000, and reads it back"
    }

    fn start(&self, _: usize) -> Box<dyn Run> {
        let task = *self;
        OneStep::disk(move || task.in_a_file())
    }

    /// The sum of the numbers from 1 to the last line's.
    fn expected(&self) -> Value {
        self.lines * (self.lines + 1) / 2
    }
}

impl Disk {
    /// Does the job, in a file of its own.
    pub(super) fn in_a_file(self) -> io::Result<Value> {
        let file = tempfile::tempfile().map_err(|error| said("create", &error))?;
        self.write_and_read(file)
    }

    fn write_and_read(self, mut file: File) -> io::Result<Value> {
        self.write(&file).map_err(|error| said("write", &error))?;
        file.rewind().and_then(|()| sum(BufReader::new(file))).map_err(|error| said("read back", &error))
    }

    fn write(self, file: &File) -> io::Result<()> {
        let mut lines = BufWriter::new(file);
        for number in 1..=self.lines {
            writeln!(lines, "line {number}")?;
            if number.is_multiple_of(self.batch.get()) || number == self.lines {
                lines.flush()?;
                file.sync_data()?;
            }
        }
        Ok(())
    }
}

/// The sum of the numbers of all lines. Each line must be the one that was written there.
fn sum(mut file: impl BufRead) -> io::Result<Value> {
    let mut line = String::new();
    let mut sum = 0;
    for expected in 1.. {
        line.clear();
        if file.read_line(&mut line)? == 0 {
            break;
        }
        let number: Option<u64> = line.trim_end().strip_prefix("line ").and_then(|text| text.parse().ok());
        if number != Some(expected) {
            let what = format!("line {expected} came back as {:?}", line.trim_end());
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        sum += expected;
    }
    Ok(sum)
}

/// The error as a sentence that says what to try.
fn said(what: &str, error: &io::Error) -> io::Error {
    let directory = std::env::temp_dir();
    let remedy = "free some space there, or set TMPDIR to a directory that can be written to";
    let text = format!("can't {what} the job's file in {}: {error}; {remedy}", directory.display());
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::*;

    fn small(lines: u64) -> Disk {
        Disk { lines, batch: NonZeroU64::new(300).unwrap() }
    }

    #[test]
    fn a_job_comes_to_the_sum_of_the_lines_numbers() {
        for (lines, sum) in [(0, 0), (1, 1), (1_000, 500_500)] {
            assert_eq!(small(lines).expected(), sum);
            assert_eq!(value(&small(lines)).unwrap(), sum);
        }
    }

    #[test]
    fn a_full_disk_is_an_error_that_says_what_to_try() {
        let full = File::options().read(true).write(true).open("/dev/full").unwrap();
        let error = small(10).write_and_read(full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let text = error.to_string();
        assert!(text.contains("can't write the job's file") && text.contains("set TMPDIR"), "{text}");
    }

    #[test]
    fn a_line_that_comes_back_changed_is_an_error() {
        for text in ["line 1\nline 3\n", "line 1\nlime 2\n", "line 1\n\n", "line 1\nline \n"] {
            assert_eq!(sum(text.as_bytes()).unwrap_err().kind(), io::ErrorKind::InvalidData, "{text:?}");
        }
    }

    #[test]
    fn a_file_that_comes_back_short_gives_another_value() {
        assert_ne!(sum(&b"line 1\nline 2\n"[..]).unwrap(), small(3).expected());
    }
}
