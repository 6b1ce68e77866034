//! What `concur` says in Chinese, and what makes it do so.

#[path = "../../reports/tests/report/chinese/latin.rs"]
mod latin;
#[path = "../../reports/tests/report/chinese/lint.rs"]
mod lint;

use std::ffi::OsString;
use std::process::Output;
use std::sync::Arc;

use assert_cmd::Command;
use harness::cli::{REASONS, REFUSALS};
use harness::interpreter::{Interpreter, Programs};
use harness::language;
use harness::lesson::conclusion::Conclusion;
use harness::lesson::event::{Event, Guessed, Trouble};
use harness::lesson::figures::Figures;
use harness::lesson::text::{Screen, Text};
use harness::lesson::{Lesson, Python, Setup, Stage, lessons};
use reports::language::Language;
use reports::terminal::{Charset, Terminal};

/// What a terminal would tell of its language is taken away, so that a test alone says it.
fn concur() -> Command {
    let mut command = Command::cargo_bin("concur").expect("the binary is built");
    for name in ["LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANG", "CONCUR_LANG"] {
        command.env_remove(name);
    }
    command
}

fn chinese(arguments: &[&str]) -> String {
    let output = concur().args(["--lang", "zh"]).args(arguments).output().unwrap();
    told(&output.stdout)
}

fn told(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn errors(output: &Output) -> String {
    told(&output.stderr)
}

fn is_chinese(text: &str) -> bool {
    text.contains(|c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c))
}

/// Lines of help that show how something is typed.
fn without_usage(page: &str) -> String {
    page.lines().filter(|line| !line.starts_with("用法：")).collect::<Vec<_>>().join("\n")
}

const COMMANDS: [&str; 14] = [
    "run", "serve", "load", "files", "exec", "list", "report", "verify", "torture", "compare", "lesson",
    "chat", "listen", "doctor",
];

/// What a page says of records: their fields, which are the same in every language.
const OF_JSON: [&str; 36] = [
    "old",
    "new",
    "warnings",
    "rows",
    "outcome",
    "slower",
    "faster",
    "same",
    "cant-tell",
    "reason",
    "rate",
    "rounds",
    "lost",
    "runs",
    "steps",
    "overall",
    "started",
    "complete",
    "setting",
    "model",
    "threshold",
    "pairs",
    "apart",
    "ratio",
    "low",
    "high",
    "coverage",
    "ends",
    "timed",
    "name",
    "measure",
    "figure",
    "seconds",
    "time-us",
    "bytes-per-second",
    "bytes-each",
];

/// All names that `concur list` knows, of options and their values as well.
fn names() -> Vec<String> {
    fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
        use serde_json::Value;
        match value {
            Value::String(text) if !text.contains(' ') => found.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            Value::Object(fields) => fields.values().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let listing = concur().args(["list", "--json"]).output().unwrap();
    let mut found = Vec::new();
    collect(&serde_json::from_slice(&listing.stdout).unwrap(), &mut found);
    assert!(found.len() > 100, "{found:?}");
    found
}

/// What is English in `page`, beside what may stay so.
fn english(page: &str, also: &[&str]) -> Vec<String> {
    [lint::english(page), latin::english(page, also)].concat()
}

#[test]
fn help_has_no_english_left() {
    for command in COMMANDS {
        for how in ["-h", "--help"] {
            let page = chinese(&[command, how]);
            assert!(is_chinese(&page) && page.contains("用法："), "{page}");
            let left = english(&without_usage(&page), &OF_JSON);
            assert!(left.is_empty(), "{command} {how}: {left:#?}");
        }
    }
    let left = english(&without_usage(&chinese(&["--help"])), &["runs", "help"]);
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn the_lists_have_no_english_left() {
    for list in [&["list"][..], &["lesson", "list"], &["verify", "--list"], &["torture", "--list"]] {
        let page = chinese(list);
        // The names of cases and faults stand on lines of their own.
        let is_name = |line: &&str| matches!(list[0], "verify" | "torture") && !line.starts_with(' ');
        let page: String =
            page.lines().filter(|line| !is_name(line)).map(|line| line.to_owned() + "\n").collect();
        let names = names();
        let left = english(&page, &names.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(is_chinese(&page) && left.is_empty(), "{list:?}: {left:#?}");
    }
}

#[test]
fn the_environment_chooses_and_the_option_is_stronger() {
    let help = |name: &str, value: &str, lang: &[&str]| {
        told(&concur().env(name, value).args(lang).arg("--help").output().unwrap().stdout)
    };
    for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
        assert!(is_chinese(&help(name, "zh_CN.UTF-8", &[])), "{name}");
        assert!(!is_chinese(&help(name, "zh_CN.UTF-8", &["--lang", "en"])), "{name}");
        assert!(is_chinese(&help(name, "en_US.UTF-8", &["--lang", "zh"])), "{name}");
        assert!(!is_chinese(&help(name, "fr_FR.UTF-8", &[])), "{name}");
    }
    let stronger =
        concur().env("LC_ALL", "C.UTF-8").env("LANG", "zh_CN.UTF-8").arg("--help").output().unwrap();
    assert!(!is_chinese(&told(&stronger.stdout)));
}

#[test]
fn a_language_that_is_not_there_is_refused_with_those_that_are() {
    let output = concur().args(["--lang", "tlh", "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("try en or zh"), "{}", errors(&output));
    assert_eq!(errors(&output).lines().count(), 1);
}

#[test]
fn errors_are_in_chinese_on_one_line_with_the_same_exit_code() {
    let names = names();
    let also: Vec<&str> = names.iter().map(String::as_str).collect();
    for arguments in [
        &["run", "--modles", "epoll"][..],
        &["run", "--suite", "servrs"],
        &["run", "--duration", "soon"],
        &["run", "--rate", "5", "--think", "1ms"],
        &["run", "--models", "nobody"],
        &["exec", "threads", "--task", "primes", "--jobs", "0"],
        &["serve", "epoll:trigger=round"],
        &["compare", "/nonexistent/a"],
        &["report", "/nonexistent/a"],
        &["lesson", "nothing"],
        &["load", "nonsense"],
    ] {
        let output = concur().args(["--lang", "zh"]).args(arguments).output().unwrap();
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(is_chinese(&said) && said.lines().count() == 1, "{arguments:?}: {said}");
        let left = english(&said, &also);
        assert!(left.is_empty(), "{arguments:?}: {left:#?}");
    }
}

/// The sentences of clap's are in our catalogue as the version of clap that is used says them.
#[test]
fn what_clap_says_is_what_is_translated() {
    for (arguments, sentence) in [
        (&["run", "--modles", "epoll"][..], "unexpected argument '{}' found"),
        (&["lst"], "unrecognized subcommand '{}'"),
        (&["run", "--duration", "soon"], "invalid value '{}' for '{}'"),
        (&["run", "--rate", "5", "--think", "1ms"], "the argument '{}' cannot be used with '{}'"),
        (&["load", "--connections"], "a value is required for '{}' but none was supplied"),
        (&["load"], "the following required arguments were not provided:"),
        (&["run", "--suite", "servrs"], "tip: a similar value exists: '{}'"),
    ] {
        assert!(REFUSALS.contains(&sentence), "{sentence}");
        let said = errors(&concur().args(arguments).output().unwrap());
        let mut rest = said.as_str();
        for piece in sentence.split("{}") {
            let (_, behind) = rest.split_once(piece).unwrap_or_else(|| panic!("{sentence}: {said}"));
            rest = behind;
        }
        assert_ne!(Language::Chinese.of(sentence), sentence);
    }
}

#[test]
fn reasons_that_others_give_are_what_they_say() {
    let said = [
        "x".parse::<u32>().unwrap_err().to_string(),
        "x".parse::<f64>().unwrap_err().to_string(),
        "".parse::<u32>().unwrap_err().to_string(),
        "999".parse::<u8>().unwrap_err().to_string(),
        std::fs::read("/nonexistent").unwrap_err().to_string(),
        std::fs::read("/").unwrap_err().to_string(),
    ];
    for said in &said {
        let reason = said.split(" (os error").next().unwrap();
        assert!(REASONS.contains(&reason), "{said}");
        assert!(is_chinese(&Language::Chinese.of(said)), "{said}");
    }
}

#[test]
fn what_programs_read_is_the_same_in_every_language() {
    for arguments in [&["list", "--json"][..], &["lesson", "list", "--json"], &["verify", "--list", "--json"]]
    {
        let of = |lang| concur().args(["--lang", lang]).args(arguments).output().unwrap().stdout;
        assert_eq!(told(&of("zh")), told(&of("en")), "{arguments:?}");
    }
}

#[test]
fn an_executor_says_in_chinese_what_came_of_it() {
    let said = chinese(&["exec", "line", "--task", "wait", "--size", "short", "--jobs", "1"]);
    assert!(said.contains("个作业") && said.contains("正确"), "{said}");
}

#[test]
fn a_lesson_is_held_in_chinese() {
    let output = concur().args(["--lang", "zh", "lesson", "gil", "--quick"]).output().unwrap();
    let said = told(&output.stdout);
    for part in ["问题", "答案", "在哪里看", "这次运行的结果", "为什么线程不能让 Python 更快"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let left = english(&said, &[]);
    assert!(left.is_empty(), "{left:#?}");
}

/// Machines of one processor and of several, without CPython and with one, and lessons of either length.
fn setups() -> Vec<Setup> {
    let interpreter = Interpreter {
        name: "cpython-3.13".to_owned(),
        program: "/nowhere/python3".to_owned(),
        implementation: "CPython".to_owned(),
        version: "3.13.0".to_owned(),
        gil: true,
        modules: Vec::new(),
    };
    let python = Python { interpreter: Arc::new(interpreter), programs: Programs::write().unwrap() };
    let none = Err("there is no python3; install CPython 3.8 or newer".to_owned());
    let of = |processors, quick, python: &Result<Python, String>| Setup {
        processors,
        quick,
        python: python.clone(),
    };
    vec![of(1, false, &none), of(2, true, &none), of(4, false, &Ok(python.clone())), of(4, true, &Ok(python))]
}

/// What a lesson says whose steps came to `value` each, or to nothing: nothing is run for it.
fn said_in(lesson: &'static Lesson, setup: &Setup, value: impl Fn(usize) -> Option<f64>) -> String {
    let screen = || Screen {
        terminal: Terminal { width: 10_000, charset: Charset::Utf8 },
        lines: Some(40),
        colours: false,
    };
    let steps = (lesson.steps)(setup);
    let mut figures = Figures::default();
    let trouble = Trouble::Failed("it took longer than 60s; try --quick".to_owned());
    let mut said = Vec::new();
    let mut text = Text::new(&mut said, screen, true);
    text.show(&Event::Title { lesson, setup, steps: &steps }).unwrap();
    for repeat in 1..=2 {
        for (place, step) in steps.iter().enumerate() {
            text.show(&Event::StepBegun { step, repeat }).unwrap();
            if let Some(value) = value(place) {
                figures.add(step.name, step.work.unit(), value);
            }
            let figure = figures.of(step.name);
            let trouble = figure.is_none().then_some(&trouble);
            text.show(&Event::StepEnded { step, repeat, figure, trouble }).unwrap();
        }
    }
    let conclusion = Conclusion::of(lesson, setup, &figures);
    let guess = Some(Guessed { guessed: 3.0, was: figures.ratio(lesson.guess.of, lesson.guess.by) });
    let (figures, conclusion) = (&figures, &conclusion);
    text.show(&Event::Conclusion { lesson, setup, steps: &steps, figures, conclusion, guess }).unwrap();
    text.show(&Event::Questions { lesson }).unwrap();
    // What would be typed into a shell is code.
    let is_code = |line: &&str| line.trim_start().starts_with("$ ");
    told(&said).lines().filter(|line| !is_code(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn whatever_a_lesson_says_has_no_english_left() {
    language::choose(["concur", "--lang", "zh"].map(OsString::from));
    for (lesson, setup) in
        lessons().iter().flat_map(|lesson| setups().into_iter().map(move |it| (lesson, it)))
    {
        let names: Vec<&str> = (lesson.steps)(&setup).iter().map(|step| step.name).collect();
        // All alike, each far from the one before it, and no figures at all.
        let alike = said_in(lesson, &setup, |_| Some(1.0));
        let apart = said_in(lesson, &setup, |place| Some([1.0, 2_000.0][place % 2]));
        let none = said_in(lesson, &setup, |_| None);
        for said in [alike, apart, none] {
            assert!(is_chinese(&said), "{said}");
            assert_eq!(english(&said, &names), [""; 0], "{}: {said}", lesson.name);
        }
        assert_eq!(english(&Language::Chinese.of(lesson.guess.asks), &names), [""; 0]);
    }
}

#[test]
fn the_doctor_speaks_chinese() {
    let said = chinese(&["doctor"]);
    assert!(said.contains("处理器"), "{said}");
    let left = english(&said, &[]);
    assert!(left.is_empty(), "{left:#?}");
}

/// What a command says in Chinese, on both of its streams.
fn all_of(arguments: &[&str]) -> String {
    let output = concur().args(["--lang", "zh"]).args(arguments).output().unwrap();
    format!("{}{}", told(&output.stdout), errors(&output))
}

/// Without lines that give the command, the machine and the places of files.
fn without_machine(text: &str) -> String {
    let is_own = |line: &&str| ["命令：", "主机：", "漏洞防护："].iter().any(|label| line.starts_with(label));
    let mut kept = Vec::new();
    let mut within = false;
    for line in text.lines() {
        // Such a line goes on indented.
        within = is_own(&line) || (within && line.starts_with("  "));
        kept.extend((!within).then_some(line));
    }
    kept.join("\n")
}

/// The cases of `verify` that are tried here, and the value of --fail-on.
const NAMES: [&str; 4] = ["get", "starts", "nothing-left", "slower"];

#[test]
fn whatever_a_run_says_has_no_english_left() {
    let directory = tempfile::tempdir().unwrap();
    let [first, second] = ["one", "other"].map(|name| directory.path().join(name).display().to_string());
    let measured = |suites: &str, out: &str| {
        let of = format!("run --plain --rounds 2 --again none {suites} --out {out}");
        all_of(&of.split(' ').collect::<Vec<_>>())
    };
    let suites = "--suite servers,tasks,spawn,switch,ipc --models epoll,loop,select --connections 4 --duration 50ms --warm-up 10ms \
                  --tasks wait,primes --executors line,threads --jobs 2 --ways fork,pipe,yield-coroutine,sleeping-tasks \
                  --probe-time 20ms";
    let said = [
        measured(suites, &first),
        measured(suites, &second),
        all_of(&["report", &first]),
        all_of(&["compare", "--force", &first, &second]),
        all_of(&["compare", "--force", &first, &second, &first, "--fail-on", "slower"]),
        all_of(&["exec", "threads", "--task", "wait", "--size", "short", "--jobs", "2"]),
        all_of(&["verify", "epoll", "--workload", "http", "--case", "get", "nothing-left"]),
        all_of(&["verify", "--cmd", "false", "--workload", "echo", "--case", "starts"]),
        all_of(&["load", "127.0.0.1:1", "--duration", "100ms", "--warm-up", "10ms", "--connections", "1"]),
    ];
    for said in said {
        // A place is as it was given.
        let said = without_machine(&said.replace(&directory.path().display().to_string(), "/"));
        assert!(is_chinese(&said), "{said}");
        assert_eq!(english(&said, &NAMES), [""; 0], "{said}");
    }
}

#[test]
fn a_record_is_english_in_every_language() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run");
    let of = "run --suite tasks --tasks wait --executors line --jobs 1 --rounds 1 --python none --json --out";
    let output = concur().env("LANG", "zh_CN.UTF-8").args(of.split(' ')).arg(&out).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(is_chinese(&errors(&output)), "{}", errors(&output));
    assert!(!is_chinese(&told(&output.stdout)));
    for file in ["run.json", "cells.csv"] {
        assert!(!is_chinese(&std::fs::read_to_string(out.join(file)).unwrap()), "{file}");
    }
    assert!(is_chinese(&std::fs::read_to_string(out.join("report.md")).unwrap()));
}
