//! What of a Chinese text is in Latin letters and may not be: every word of three letters and more that is no name.

/// What may stay Latin everywhere, by kind. A word that is English elsewhere (`thread`, `line`) is here as the name of something:
/// a sentence with it has other words, which are not.
const NAMES: [&str; 12] = [
    // Server models.
    "loop fork prefork thread prethread thread-pool select poll epoll polling mio io-uring coroutine async multi-loop hybrid",
    // Executors, and what the course notes call three of them.
    "line threads processes process-pool thread-pool rayon gil process",
    // Tasks, workloads, transports.
    "primes count sort fibonacci disk wait echo http hello files chat tcp udp unix",
    // Ways of probes, and what is timed of them.
    "pipe fifo message-queue channel std-channel eventfd semaphore mutex-condvar signal signal-real-time futex unix-stream \
     unix-datagram shared-memory socketpair unix-socket shared-memory-futex shared-memory-semaphore shared-memory-spin pthread scoped task task-here \
     vfork fork-exec posix-spawn sched-yield yield-task generator atomics sleeping-threads sleeping-tasks sleeping-processes \
     sleeping-coroutines yield-coroutine pool task create sleep hand-off round-trip bandwidth spin",
    // Suites, subcommands, and values of options.
    "servers tasks idle stevens ipc switch spawn run serve load listen exec list report verify torture compare lesson doctor get put cost none auto always never dumb level edge \
     constant poisson full short server.py",
    // Interpreters, languages, crates.
    "python struct cpython pypy jython ironpython rust crossbeam corosensei tokio may std gevent panic",
    // Units, and words of figures.
    "cpu mib kib gib smaps min",
    // Who found something, and where it is written.
    "amdahl gunther jain holm welch student hoare coordinated omission fenner rudoff network programming",
    // Programs and systems.
    "linux concur json markdown perfetto amd epyc docker coreutils pip systemd-run dmesg sysctl ulimit umask mount tracefs kqueue tsc",
    // What a system has.
    "root shell stdin stdout stderr init subreaper seccomp pids exit proc accept install",
    // Fields of HTTP and their values.
    "allow connection close keep-alive content-length content-range date etag expect host if-match if-range last-modified \
     chunked continue obs-fold multipart byteranges",
    // What a key is called.
    "ctrl-c ctrl-z enter",
];

/// The words of `text` that are English, each with the line it stands in. `also`: what is a name here besides.
pub(crate) fn english(text: &str, also: &[&str]) -> Vec<String> {
    text.lines().flat_map(|line| words(line, also).map(move |word| format!("{word}: {line}"))).collect()
}

/// What is between backticks is code.
fn words<'a>(line: &'a str, also: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    let told = line.split('`').step_by(2);
    let pieces = told.flat_map(|text| {
        text.split(|c: char| c.is_whitespace() || (!c.is_ascii() && !c.is_alphanumeric()) || is_chinese(c))
    });
    let told = pieces
        .filter(|piece| !is_code(piece))
        .flat_map(|piece| piece.split(|c: char| !c.is_ascii_alphabetic() && c != '-' && c != '\''));
    told.map(|word| word.trim_matches(['-', '\'']).to_owned())
        .filter(|word| word.len() > 2 && !is_name(word, also))
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303F}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FFEF}')
}

/// Options, paths, quoted values, settings (`trigger=edge`), manual pages (`fork(2)`), and names with digits or lines in them.
fn is_code(piece: &str) -> bool {
    let bare = piece.trim_matches(['(', ')', ',', ';', ':', '.', '"', '*', '|']);
    let is_path =
        bare.trim_start_matches('\'').starts_with(['/', '-', '~', '<', '$']) || bare.matches('/').count() > 1;
    let is_quoted = bare.starts_with('\'') && bare.ends_with('\'') && bare.len() > 1;
    is_path
        || is_quoted
        || bare.contains(|c: char| "_=@\\{}".contains(c))
        || bare.contains(|c: char| c.is_ascii_digit())
        || is_dotted(bare)
}

/// `run.json`, `kernel.threads-max`.
fn is_dotted(piece: &str) -> bool {
    piece.split_once('.').is_some_and(|(before, behind)| {
        before.ends_with(|c: char| c.is_ascii_alphabetic())
            && behind.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}

/// What threads did at each look.
fn are_states(word: &str) -> bool {
    word.chars().all(|c| "RrSDTZ".contains(c))
}

/// A name, several with hyphens between them, or an abbreviation (`CPU`, `SIGTERM`, `GET`).
fn is_name(word: &str, also: &[&str]) -> bool {
    let names = || NAMES.iter().flat_map(|names| names.split_whitespace()).chain(also.iter().copied());
    let is = |word: &str| names().any(|name| name.eq_ignore_ascii_case(word));
    let is_abbreviation = word.chars().all(|c| c.is_ascii_uppercase());
    is_abbreviation
        || are_states(word)
        || is(word)
        || word.contains('-') && word.split('-').all(|part| part.len() < 3 || is(part))
}
