//! Sends a file of 2 GiB to a file server and back, and says how much memory that took.
//!
//! ```sh
//! cargo build --release -p harness && cargo run --release -p harness --example two_gib -- epoll fork
//! ```
//!
//! Without a model it goes through all of them, one after another. The file has holes for the most part, so it takes little
//! room here; on the server's side it takes 2 GiB, in the directory for temporary files (`TMPDIR`), once more
//! for the copy that comes back. Memory is PSS: what the server's processes have among themselves, its greatest of a look
//! every 50 ms; and, beside it, the greatest of any process but the first, less what it was before. The checksums that
//! stand there are those of both ways, and the program fails if one is wrong or a bound is passed.

use std::env;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::measure::tree::Tree;
use harness::server::ServeCommand;
use models::server::servers;
use serde_json::Value;

/// How large the file is.
const BYTES: u64 = 2 << 30;
/// Where it has something other than zeros.
const MARKS: u64 = 16;
/// What a server may take at most; what its processes may, each; in bytes.
const MOST_BYTES: u64 = 64 << 20;
const MOST_CHILD_BYTES: u64 = 8 << 20;
/// How often its memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long it may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<()> {
    let asked: Vec<String> = env::args().skip(1).collect();
    let all = servers().iter().map(|model| model.name.to_owned()).collect();
    let models = if asked.is_empty() { all } else { asked };
    let concur = concur()?;
    let here = tempfile::tempdir()?;
    let file = here.path().join("two-gib");
    let sum = make(&file)?;
    println!(
        "{:<28} {:>9} {:>11} {:>8} {:>8}  checksum",
        "model", "PSS, MiB", "child, MiB", "put, s", "get, s"
    );
    let mut all_is_well = true;
    for model in &models {
        let outcome = try_one(model, &concur, here.path(), &file)?;
        let Outcome { most, child, put, get, sums } = outcome;
        let is_well = sums.iter().all(|it| *it == sum) && most < MOST_BYTES && child < MOST_CHILD_BYTES;
        all_is_well &= is_well;
        println!(
            "{model:<28} {:>9.1} {:>11.1} {put:>8.1} {get:>8.1}  {}{}",
            most as f64 / f64::from(1 << 20),
            child as f64 / f64::from(1 << 20),
            sums.join(" "),
            if is_well { "" } else { "  WRONG" }
        );
    }
    ensure!(all_is_well, "a checksum is not {sum}, or a server took more than it may");
    Ok(())
}

/// What came of it.
struct Outcome {
    /// The greatest PSS of the whole server.
    most: u64,
    /// The greatest growth of a process of its that is not the first.
    child: u64,
    put: f64,
    get: f64,
    /// What the client found, each way.
    sums: [String; 2],
}

/// The program of the same build.
fn concur() -> Result<PathBuf> {
    let own = env::current_exe()?;
    let build = own.ancestors().nth(2).context("this program lies in no build")?;
    let concur = build.join("concur");
    ensure!(
        concur.exists(),
        "{} is not there; build it first: cargo build --release -p harness",
        concur.display()
    );
    Ok(concur)
}

/// Makes the file, and gives its checksum.
fn make(path: &Path) -> Result<String> {
    let mut file = File::create(path)?;
    file.set_len(BYTES)?;
    for mark in 0..MARKS {
        file.seek(SeekFrom::Start(mark * (BYTES / MARKS) + mark))?;
        write!(file, "this is mark {mark}")?;
    }
    let (mut sum, mut buffer) = (crc32fast::Hasher::new(), vec![0; 1 << 20]);
    let mut file = File::open(path)?;
    loop {
        match std::io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(format!("{:08x}", sum.finalize())),
            read => sum.update(&buffer[..read]),
        }
    }
}

fn try_one(model: &str, concur: &Path, here: &Path, file: &Path) -> Result<Outcome> {
    let root = tempfile::tempdir()?;
    let server = ServeCommand::new(model, "files").program(concur).root(Some(root.path())).start(PATIENCE)?;
    let (tree, address, first) = (Tree::new(server.pid()), server.address().to_string(), server.pid());
    let is_over = AtomicBool::new(false);
    let (most, child, timed) = thread::scope(|scope| {
        let watching = scope.spawn(|| watch(tree, first, &is_over));
        let timed = there_and_back(concur, &address, here, file);
        is_over.store(true, Ordering::Relaxed);
        let (most, child) = watching.join().unwrap_or_default();
        (most, child, timed)
    });
    let (put, get, sums) = timed.with_context(|| model.to_owned())?;
    let ended = server.stop(PATIENCE)?;
    ensure!(ended.trouble().is_none(), "{model}: the server {}", ended.trouble().unwrap_or_default());
    Ok(Outcome { most, child, put, get, sums })
}

/// Sends the file, fetches it, and gives how long both took and what their checksums are.
fn there_and_back(concur: &Path, address: &str, here: &Path, file: &Path) -> Result<(f64, f64, [String; 2])> {
    let back = here.join("back");
    let (put, sent) = timed(Command::new(concur).args(["files", address, "--json", "put"]).arg(file))?;
    let (get, got) =
        timed(Command::new(concur).args(["files", address, "--json", "get", "two-gib"]).arg(&back))?;
    fs::remove_file(back)?;
    Ok((put, get, [sent, got]))
}

/// Runs the client, and gives how long it took and the checksum it found.
fn timed(client: &mut Command) -> Result<(f64, String)> {
    let begun = Instant::now();
    let output = client.args(["--timeout", "300s"]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    let sum = answer["crc32"].as_str().context("the client does not say a checksum")?;
    Ok((begun.elapsed().as_secs_f64(), sum.to_owned()))
}

/// The greatest PSS of the whole tree, and by how much any process but the first has grown since it was first seen.
fn watch(tree: Tree, first: u32, is_over: &AtomicBool) -> (u64, u64) {
    let (mut most, mut grown) = (0, 0);
    let mut seen = std::collections::BTreeMap::new();
    while !is_over.load(Ordering::Relaxed) {
        most = most.max(tree.pss_bytes().unwrap_or_default());
        for process in tree.living().unwrap_or_default() {
            if process.pid.cast_unsigned() != first {
                let now = Tree::new(process.pid.cast_unsigned()).pss_bytes().unwrap_or_default();
                let before = *seen.entry(process.pid).or_insert(now);
                grown = grown.max(now.saturating_sub(before));
            }
        }
        thread::sleep(LOOK_EVERY);
    }
    (most, grown)
}
