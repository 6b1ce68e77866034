//! `docs/write-a-model.md` is true: its own code, put where it says, builds, serves as it says, passes `verify` and gets
//! its row.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::common::{ask, connect, has_something, hear, start, stop};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What a copy of the lab needs to be built.
const SOURCES: [&str; 9] =
    ["Cargo.toml", "Cargo.lock", "benches", "docs", "harness", "models", "reports", "workloads", ".cargo"];

/// A fenced block of the page: what it is, which file it belongs to, and what it holds.
struct Block {
    kind: String,
    file: String,
    lines: Vec<String>,
}

#[test]
fn a_student_who_follows_the_page_gets_a_model_that_passes_and_a_row() {
    let blocks = blocks(&fs::read_to_string(Path::new(ROOT).join("docs/write-a-model.md")).unwrap());
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("write-a-model/lab");
    fs::create_dir_all(&copy).unwrap();
    for source in SOURCES {
        copy_all(&Path::new(ROOT).join(source), &copy.join(source));
    }
    for block in blocks.iter().filter(|block| block.kind != "sh") {
        let file = copy.join(&block.file);
        match block.kind.as_str() {
            "rust" => write(&file, (block.lines.join("\n") + "\n").as_bytes()),
            "diff" => write(&file, patched(&fs::read_to_string(&file).unwrap(), &block.lines).as_bytes()),
            other => panic!("the page has a block of kind '{other}'"),
        }
    }
    give_another_version(&copy);
    let concur = build(&copy);

    let page_says = |command: &str| {
        blocks.iter().any(|block| block.kind == "sh" && block.lines.join("\n").contains(command))
    };
    assert!(page_says("cargo lab serve turnstile:workers=2"));
    assert!(page_says("cargo lab verify turnstile") && page_says("--models thread,thread-pool,turnstile"));

    a_third_client_waits_until_one_of_two_leaves(&concur);

    let verified = output(Command::new(&concur).args(["verify", "turnstile"]));
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));

    let run = ["run", "--suite", "servers", "--models", "thread,thread-pool,turnstile"];
    let short = ["--rounds", "1", "--duration", "200ms", "--connections", "8", "--out"];
    let out = tempfile::tempdir().unwrap();
    let measured = output(Command::new(&concur).args(run).args(short).arg(out.path().join("run")));
    assert!(measured.status.success(), "{}", String::from_utf8_lossy(&measured.stderr));
    let report = fs::read_to_string(out.path().join("run/report.md")).unwrap();
    assert!(report.lines().any(|line| line.contains("turnstile")), "{report}");
}

fn a_third_client_waits_until_one_of_two_leaves(concur: &Path) {
    let arguments = ["serve", "turnstile:workers=2", "--bind", "127.0.0.1:0"];
    let command = [concur.as_os_str()].into_iter().chain(arguments.map(AsRef::as_ref)).map(Into::into);
    let server = start(command).unwrap();
    let mut clients: Vec<_> = (0..3).map(|_| connect(server.address())).collect();
    for client in &mut clients {
        ask(client, "/hello");
    }
    for client in &mut clients[..2] {
        assert_eq!(hear(client), (200, b"Hello World\n".to_vec()));
    }
    std::thread::sleep(Duration::from_millis(150)); // time enough to serve one more
    assert!(!has_something(&clients[2]), "the third client was let in beside two others");
    clients.remove(0);
    assert_eq!(hear(&mut clients[1]), (200, b"Hello World\n".to_vec()));
    drop(clients);
    stop(server);
}

/// Blocks open with three backticks, a kind and, but for commands, a file.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(opening) = line.strip_prefix("```") else { continue };
        let (kind, file) = opening.split_once(' ').unwrap_or((opening, ""));
        let body = lines.by_ref().take_while(|line| *line != "```").map(str::to_owned).collect();
        blocks.push(Block { kind: kind.to_owned(), file: file.to_owned(), lines: body });
    }
    blocks
}

/// Adds each line that begins with a plus below the one before it, which must stand in the text once.
fn patched(text: &str, diff: &[String]) -> String {
    let [context, added] = diff else { panic!("a diff of the page has one line of context and one more") };
    let (context, added) = (context.strip_prefix(' ').unwrap(), added.strip_prefix('+').unwrap());
    let found: Vec<usize> = text.match_indices(&format!("{context}\n")).map(|(at, _)| at).collect();
    let [at] = found[..] else { panic!("'{context}' stands {} times in the file", found.len()) };
    let end = at + context.len() + 1;
    format!("{}{added}\n{}", &text[..end], &text[end..])
}

/// Cargo tells crates apart by their names, versions and places within a workspace. In the build directory that the copy shares
/// with the lab its crates would take the place of the lab's own, and be taken for them.
fn give_another_version(copy: &Path) {
    const OURS: [&str; 5] = ["benches", "harness", "models", "reports", "workloads"];
    let (own, other) = (env!("CARGO_PKG_VERSION"), concat!(env!("CARGO_PKG_VERSION"), "-copy"));
    let manifest = copy.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let stated = format!("[workspace.package]\nversion = \"{own}\"");
    assert_eq!(text.matches(&stated).count(), 1, "the workspace states its version in another way");
    write(&manifest, text.replace(&stated, &stated.replace(own, other)).as_bytes());
    let lock = copy.join("Cargo.lock");
    let mut text = fs::read_to_string(&lock).unwrap();
    for name in OURS {
        let stated = format!("name = \"{name}\"\nversion = \"{own}\"");
        assert_eq!(text.matches(&stated).count(), 1, "{name} is not locked as it should be");
        text = text.replace(&stated, &stated.replace(own, other));
    }
    write(&lock, text.as_bytes());
}

/// Builds the copy and gives its `concur`. What is built is kept, so that the next time takes seconds; and what the copy
/// and the lab have in common, all but our own crates, is built for both at once, where Cargo has a place for that
/// (since 1.91). The example comes along since the features of dependencies are then those of the tests.
fn build(copy: &Path) -> PathBuf {
    let target = copy.with_file_name("built");
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--locked", "--workspace", "--bin", "concur", "--example", "check_record"])
        .arg("--target-dir")
        .arg(&target)
        .env("CARGO_BUILD_BUILD_DIR", shared);
    let built = output(cargo.current_dir(copy));
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    target.join("debug/concur")
}

fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Makes one file or folder the same as another. A file is written only if it has changed, so that what was built from it
/// stays built.
fn copy_all(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for left in fs::read_dir(to).unwrap().map(Result::unwrap) {
            match left.file_type().unwrap().is_dir() {
                _ if from.join(left.file_name()).exists() => {}
                true => fs::remove_dir_all(left.path()).unwrap(),
                false => fs::remove_file(left.path()).unwrap(),
            }
        }
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            copy_all(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        write(to, &fs::read(from).unwrap());
    }
}

fn write(file: &Path, bytes: &[u8]) {
    if fs::read(file).ok().as_deref() != Some(bytes) {
        fs::write(file, bytes).unwrap();
    }
}
