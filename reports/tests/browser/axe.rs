//! axe-core, which looks for what keeps people from using a page. It is under the MPL and not part of this repository: npm fetches it
//! into `target/` when it is first needed, and without npm the tests that use it say that they are skipped.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::driver::Browser;

const PACKAGE: &str = "axe-core@4.10.3";

/// Its source; none where it can't be had, which is said.
pub(crate) fn source() -> Option<String> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe-core");
    let file = directory.join("package/axe.min.js");
    if !file.exists() && !fetched(&directory) {
        skipped!("{PACKAGE} can't be fetched with npm");
        return None;
    }
    std::fs::read_to_string(file).ok().filter(|source| source.contains("axe"))
}

/// Has npm fetch it into a directory of its own, which then takes its place at once: two tests may do so at the same time.
fn fetched(directory: &Path) -> bool {
    let fetch = || -> Option<()> {
        let parent = directory.parent()?;
        std::fs::create_dir_all(parent).ok()?;
        let own = tempfile::tempdir_in(parent).ok()?;
        let run = |program: &str, arguments: &[&str]| {
            let mut command = Command::new("timeout");
            let command = command.args(["60", program]).args(arguments).current_dir(own.path());
            let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
            ended.ok().filter(std::process::ExitStatus::success)
        };
        run("npm", &["pack", PACKAGE, "--silent"])?;
        let packed = std::fs::read_dir(own.path()).ok()?.flatten().map(|entry| entry.file_name());
        let packed = packed
            .filter_map(|name| name.into_string().ok())
            .find(|name| Path::new(name).extension().is_some_and(|it| it == "tgz"))?;
        run("tar", &["xzf", &packed])?;
        // Whoever was faster has put the same there.
        let _ = std::fs::rename(own.path(), directory);
        Some(())
    };
    fetch();
    directory.join("package/axe.min.js").exists()
}

/// Leaves of each picture's rows the first few: the others are made like them, and it looks at every cell.
pub(crate) fn shorten(browser: &Browser) {
    browser
        .run("document.querySelectorAll('.points tr:nth-child(n + 5)').forEach((row) => row.remove())", &[]);
}

/// What it finds that is serious or critical, each with its first place.
pub(crate) fn faults(browser: &Browser, source: &str) -> Vec<String> {
    browser.run("if (!window.axe) (0, eval)(arguments[0])", &[source.into()]);
    let found = browser.run_async(
        "const done = arguments[arguments.length - 1];
         axe.run({ resultTypes: ['violations'], elementRef: false, preload: false }).then((results) => done(results.violations.filter((it) => ['serious', 'critical'].includes(it.impact))
             .map((it) => `${it.id}: ${it.help} (${it.nodes.length}): ${it.nodes[0].html.slice(0, 200)} ${it.nodes[0].failureSummary}`)),
             (error) => done([`axe failed: ${error}`]))",
        &[],
    );
    let found = found.as_array().cloned().unwrap_or_default();
    found.iter().map(|fault: &Value| fault.as_str().unwrap_or_default().to_owned()).collect()
}
