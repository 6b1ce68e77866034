//! Ways out of a folder of pages, and into what it hides: targets that must not give a byte of it.
//!
//! [`Trap`] is a folder in which links, devices and hidden files lie about, with a directory beside it that nobody may see.
//! [`Trap::targets`] are the ways that strangers try. Tests of the session and `concur verify` share both.
//!
//! A reply is right if [`Trap::is_right`] says so: it is a refusal, or a page that the folder shows anyhow. No file that is
//! shown, and no reply's head, has a byte in it of which the secret consists.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};

/// What every secret consists of: a byte that is in no UTF-8 text, and so in no reply.
pub const SECRET_BYTE: u8 = 0xf5;
/// What every page says that is shown.
pub const PAGE: &[u8] = b"a page\n";

/// How many bytes a secret has.
const SECRET_BYTES: usize = 4_096;

/// A folder to be attacked.
#[derive(Debug)]
pub struct Trap {
    /// The directory beside it, as an absolute path without links.
    outside: PathBuf,
}

impl Trap {
    /// Fills the folder at `root`, and the directory `outside` of it, which are both there and empty.
    ///
    /// # Errors
    ///
    /// Something can't be made.
    pub fn set(root: &Path, outside: &Path) -> io::Result<Self> {
        let trap = Self { outside: outside.canonicalize()? };
        fs::write(outside.join("secret"), secret())?;
        fs::create_dir(outside.join("deep"))?;
        fs::write(outside.join("deep/index.html"), secret())?;
        for directory in ["notes/deep", ".git", "notes/.hidden", "trap"] {
            fs::create_dir_all(root.join(directory))?;
        }
        for page in ["index.html", "hello.txt", "notes/io.txt", "notes/index.html"] {
            fs::write(root.join(page), PAGE)?;
        }
        for hidden in
            [".git/config", ".env", ".htaccess", "notes/.hidden/file", "notes/.secret", "..secret", "..."]
        {
            fs::write(root.join(hidden), secret())?;
        }
        trap.lay_links(root)?;
        mknodat(CWD, root.join("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        drop(UnixListener::bind(root.join("socket"))?);
        Ok(trap)
    }

    /// Links that lead out, or to what is no page.
    fn lay_links(&self, root: &Path) -> io::Result<()> {
        let outside = self.outside.to_string_lossy();
        // However deep the folder is, this is above all.
        let top = "../".repeat(40);
        for (link, to) in [
            ("link-relative", format!("{top}{}/secret", &outside[1..])),
            ("link-absolute", format!("{outside}/secret")),
            ("link-directory", outside.to_string()),
            ("link-directory-relative", format!("{top}{}", &outside[1..])),
            ("link-up", "..".to_owned()),
            ("link-top", "/".to_owned()),
            ("link-self-absolute", root.to_string_lossy().into_owned()),
            ("link-chain", "link-chain-2".to_owned()),
            ("link-chain-2", "notes/link-chain-3".to_owned()),
            ("notes/link-chain-3", "../link-relative".to_owned()),
            ("notes/link-up", "../..".to_owned()),
            ("notes/deep/link", "../../link-absolute".to_owned()),
            ("link-winding", format!("notes/deep/../../notes/../{top}{}/secret", &outside[1..])),
            ("link-ring", "link-ring-2".to_owned()),
            ("link-ring-2", "link-ring".to_owned()),
            ("link-self", "link-self".to_owned()),
            ("link-dangling", "nothing".to_owned()),
            ("link-proc-root", "/proc/self/root".to_owned()),
            ("link-proc-cwd", "/proc/self/cwd".to_owned()),
            ("link-proc-fd", "/proc/self/fd".to_owned()),
            ("link-proc-exe", "/proc/self/exe".to_owned()),
            ("link-proc-environ", "/proc/self/environ".to_owned()),
            ("link-proc-maps", "/proc/self/maps".to_owned()),
            ("link-passwd", "/etc/passwd".to_owned()),
            ("link-device-zero", "/dev/zero".to_owned()),
            ("link-device-random", "/dev/urandom".to_owned()),
            ("link-device-null", "/dev/null".to_owned()),
            ("link-device-terminal", "/dev/tty".to_owned()),
            ("link-device-stdin", "/dev/stdin".to_owned()),
            ("link-fifo", "fifo".to_owned()),
            ("trap/index.html", format!("{outside}/secret")),
        ] {
            symlink(to, root.join(link))?;
        }
        Ok(())
    }

    /// Whether nothing outside was changed.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub fn is_untouched(&self) -> io::Result<bool> {
        let names = |path: &Path| -> io::Result<usize> { Ok(fs::read_dir(path)?.count()) };
        let deep = self.outside.join("deep");
        Ok(names(&self.outside)? == 2
            && names(&deep)? == 1
            && fs::read(self.outside.join("secret"))? == secret()
            && fs::read(deep.join("index.html"))? == secret())
    }

    /// Whether a reply with this status, head and body gives nothing away.
    pub fn is_right(status: u16, head: &[u8], body: &[u8]) -> bool {
        let is_shown = body == PAGE || body.is_empty();
        let is_refusal = matches!(status, 300..=308 | 400..=599);
        let gives_away = head.iter().chain(body).any(|byte| *byte == SECRET_BYTE);
        !gives_away && (is_refusal || (matches!(status, 200 | 206) && is_shown))
    }

    /// The targets: each is to be asked for as it stands here, in a request of its own.
    pub fn targets(&self) -> Vec<Vec<u8>> {
        let outside = self.outside.to_string_lossy();
        let (outside, name) = (&outside[1..], self.outside.file_name().unwrap_or_default().to_string_lossy());
        let mut targets: Vec<Vec<u8>> = Vec::new();
        let mut add = |target: String| targets.push(target.into_bytes());
        for up in UPS {
            for slash in SLASHES {
                let step = format!("{up}{slash}");
                add(format!("/{step}{name}{slash}secret"));
                add(format!("/{}{outside}/secret", step.repeat(12)));
                add(format!("/notes/{step}{step}{name}/secret"));
            }
        }
        for tail in
            ["secret", "", "deep/", "deep", "secret/", "secret?a", "secret;a", "secret%00", "./secret"]
        {
            for start in STARTS {
                add(format!("{start}{outside}/{tail}"));
            }
            for link in LINKS_TO_DIRECTORIES {
                add(format!("/{link}/{tail}"));
                add(format!("/{link}/{name}/{tail}"));
                add(format!("/{link}/{outside}/{tail}"));
            }
        }
        for path in ALONE {
            add((*path).to_owned());
        }
        for path in
            ["/etc/passwd", "/proc/self/environ", "/proc/self/root/etc/passwd", "/dev/zero", "/dev/stdin"]
        {
            add(path.to_owned());
            add(format!("/{path}"));
            add(format!("{}{path}", "/..".repeat(12)));
            add(format!("/hello.txt?{path}"));
            add(format!("/?/../..{path}"));
            add(format!("file://{path}"));
        }
        add(format!("/{}{outside}/secret", "../".repeat(2_000)));
        add(format!("/{}{outside}/secret", "%2e%2e/".repeat(1_000)));
        add(format!("/{}hello.txt", "notes/../".repeat(1_000)));
        add(format!("/{}", "a/".repeat(4_000)));
        add(format!("/{}", "a".repeat(255)));
        add(format!("/{}", "a".repeat(256)));
        add(format!("/{}", "%61".repeat(4_096)));
        add(format!("/{}hello.txt", "./".repeat(3_000)));
        add(format!("/{}", "/".repeat(8_000)));
        // What is no text at all.
        for bytes in [
            &b"/\xc0\xae\xc0\xae/secret"[..],
            b"/..\xc0\xafsecret",
            b"/\xff",
            b"/..\0/secret",
            b"/\xe2\x80\xae/..",
        ] {
            targets.push(bytes.to_vec());
        }
        let mut seen = BTreeSet::new();
        targets.retain(|target| seen.insert(target.clone()));
        targets
    }
}

fn secret() -> Vec<u8> {
    vec![SECRET_BYTE; SECRET_BYTES]
}

/// What may be taken for "one directory up".
const UPS: [&str; 44] = [
    "..",
    "%2e%2e",
    "%2E%2E",
    ".%2e",
    "%2e.",
    "%252e%252e",
    "%25%32%65%25%32%65",
    "%%32%65%%32%65",
    "%c0%ae%c0%ae",
    "%C0%2E%C0%2E",
    "%e0%80%ae%e0%80%ae",
    "%f0%80%80%ae%f0%80%80%ae",
    "%f8%80%80%80%ae%f8%80%80%80%ae",
    "%uff0e%uff0e",
    "%u002e%u002e",
    "%ef%bc%8e%ef%bc%8e",
    "\u{2025}",
    "..%00",
    "%00..",
    "..%0a",
    "..%0d",
    "..%09",
    "..%20",
    "%20..",
    "..%7f",
    "..%5c",
    "..\\",
    "\\..",
    "%5c..",
    "..%2f",
    "..%252f",
    "..%c0%af",
    "..%c1%9c",
    "..%ff",
    "..;",
    "..;a=b",
    "..:",
    "...",
    "....",
    "x/..",
    "notes/../..",
    "./..",
    "hello.txt/..",
    "nothing/..",
];

/// What may be taken for a slash.
const SLASHES: [&str; 6] = ["/", "%2f", "\\", "%5c", "//", "/./"];

/// What an absolute path may begin with.
const STARTS: [&str; 14] = [
    "/",
    "//",
    "///",
    "/%2f",
    "%2f",
    "",
    "/./",
    "/~/",
    "/\\",
    "/%5c",
    "file:///",
    "http://a//",
    "http:///",
    "http://a/%2f",
];

/// Names in the folder that lead to directories outside.
const LINKS_TO_DIRECTORIES: [&str; 8] = [
    "link-directory",
    "link-directory-relative",
    "link-up",
    "link-top",
    "link-proc-root",
    "link-proc-cwd",
    "notes/link-up",
    "notes/../link-directory",
];

/// Targets that stand for themselves.
const ALONE: &[&str] = &[
    // Links to files, devices, and what is in neither.
    "/link-relative",
    "/link-absolute",
    "/link-relative/",
    "/link-absolute?a",
    "/link-absolute%00",
    "/link-chain",
    "/link-chain-2",
    "/notes/link-chain-3",
    "/notes/deep/link",
    "/link-winding",
    "/link-ring",
    "/link-ring-2",
    "/link-self",
    "/link-self/link-self",
    "/link-dangling",
    "/link-self-absolute/hello.txt",
    "/link-up/",
    "/link-top/",
    "/link-directory/",
    "/link-directory",
    "/link-up",
    "/link-top",
    "/link-passwd",
    "/link-top/etc/passwd",
    "/link-proc-root/etc/passwd",
    "/link-proc-fd/0",
    "/link-proc-fd/1",
    "/link-proc-fd/3",
    "/link-proc-fd/",
    "/link-proc-exe",
    "/link-proc-environ",
    "/link-proc-maps",
    "/link-proc-cwd/",
    "/link-device-zero",
    "/link-device-random",
    "/link-device-null",
    "/link-device-terminal",
    "/link-device-stdin",
    "/link-fifo",
    "/fifo",
    "/fifo/",
    "/socket",
    "/trap/",
    "/trap",
    "/trap/index.html",
    "/%6cink-absolute",
    "/link%2dabsolute",
    // What is hidden.
    "/.git/config",
    "/.git/",
    "/.git",
    "/.env",
    "/.htaccess",
    "/.env/",
    "/.env?a",
    "/.env%00",
    "/%2eenv",
    "/%2Eenv",
    "/%252eenv",
    "/.%65nv",
    "/notes/.secret",
    "/notes/.hidden/file",
    "/notes/.hidden/",
    "/notes/%2esecret",
    "/..secret",
    "/%2e.secret",
    "/...",
    "/%2e%2e%2e",
    "/./.env",
    "/notes/../.env",
    "//.env",
    "/notes//.secret",
    "/.ENV",
    "/.Git/config",
    "/.git%2fconfig",
    "/.git\\config",
    "/.git/./config",
    "/.git/../.env",
    "/hello.txt/../.env",
    "/nothing/../.env",
    "/link-up/root/.env",
    "http://a/.env",
    "http://a/.git/config",
    "http://.env/",
    "/;/.env",
    "/.env;a",
    "/.env#a",
    "/.env%20",
    // What others take for something else.
    "/.",
    "/./",
    "/..",
    "/../",
    "/.%2e",
    "/%2e",
    "/%2e/",
    "/%2f",
    "/%5c",
    "/\\",
    "/%00",
    "/%0a",
    "/%0d%0aX:%20y",
    "/%7f",
    "/ ",
    "/%",
    "/%2",
    "/%zz",
    "/%2g",
    "/%-1",
    "/%%",
    "/%u0041",
    "//",
    "///",
    "/;",
    "/?",
    "/?..",
    "/#",
    "/#/../..",
    "?",
    "#",
    "*",
    "",
    "..",
    "../",
    "\\",
    "~",
    "/~",
    "/~root",
    "/~root/",
    "/~root/.bashrc",
    "/$HOME/.bashrc",
    "/%24HOME",
    "/C:/",
    "/C:%5c..%5c",
    "/c$/",
    "/hello.txt%00",
    "/hello.txt%00.html",
    "/hello.txt.",
    "/hello.txt%20",
    "/hello.txt/",
    "/hello.txt/.",
    "/hello.txt/..",
    "/hello.txt//",
    "/hello.txt::$DATA",
    "/hello.txt:secret",
    "/hello.txt~",
    "/HELLO.TXT",
    "/Hello.txt",
    "/hello%2etxt",
    "/hello.txt?../../secret",
    "/hello.txt;/../secret",
    "/hello.txt#/../secret",
    "//hello.txt",
    "/./hello.txt",
    "/notes/../hello.txt",
    "/notes/..",
    "/notes/../",
    "/notes/.",
    "/notes//io.txt",
    "/notes%2fio.txt",
    "/notes\\io.txt",
    "/notes%5cio.txt",
    "/notes/deep/../io.txt",
    "/NOTES/io.txt",
    "/nothing/../hello.txt",
    "/hello.txt/../hello.txt",
    "/index.html/",
    "/index.html/..",
    "/*",
    "/[a-z]*",
    "/{hello,x}.txt",
    "/hello.tx?",
    "/`id`",
    "/$(id)",
    "/|id",
    "/<hello.txt",
    "/WEB-INF/web.xml",
    "/cgi-bin/..",
    "/con",
    "/aux",
    "/nul",
    "/lpt1",
    "/hello/../.env",
    "/bytes/1/../../.env",
];
