//! Draws a record in every form into a directory: `draw RUN DIR`. Instead of a record's path may stand a number of rounds, of 500
//! cells each: such a record is made up then. It says how much memory that took. To see what drawing costs:
//!
//! ```text
//! cargo build --release -p reports --example draw
//! time target/release/examples/draw 10 /tmp/drawn
//! ```

use std::error::Error;
use std::path::Path;

use reports::document::Document;
use reports::record::Run;
use reports::terminal::{self, Charset, Terminal};

#[path = "../tests/sample/large.rs"]
mod large;

fn main() -> Result<(), Box<dyn Error>> {
    let [_, record, directory] = &std::env::args().collect::<Vec<_>>()[..] else {
        return Err("give a record, or a number of rounds to make one of, and a directory".into());
    };
    let directory = Path::new(directory);
    std::fs::create_dir_all(directory)?;
    // What is made up is written and read again, as any other record is.
    let run = if let Ok(rounds) = record.parse::<u32>() {
        large::run(rounds).write(directory)?;
        Run::read(directory)?
    } else {
        Run::read(Path::new(record))?
    };
    reports::write_all(&run, directory)?;
    let text = terminal::draw(&Document::of(&run), Terminal { width: 80, charset: Charset::Utf8 });
    std::fs::write(directory.join("report.txt"), text)?;
    println!("{} cells, {} a round", run.cells.len(), large::CELLS_A_ROUND);
    if let Some(peak) = peak_memory()? {
        println!("peak memory: {peak}");
    }
    Ok(())
}

/// The most memory that this process has had (`VmHWM`, proc(5)), with its unit; none where the kernel does not say.
fn peak_memory() -> std::io::Result<Option<String>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    // The kernel's kB are 1,024 bytes.
    Ok(peak.map(|peak| peak.trim().replace(" kB", " KiB")))
}
