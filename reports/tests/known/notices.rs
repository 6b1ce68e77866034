//! What the sentence beside each picture says: its figures are the record's, on the page in both languages.

use reports::document::Document;
use reports::html;
use reports::language::Language;
use reports::record::{Cell, Run, ServerCell};

use crate::chinese::figures;
use crate::expected::says;
use crate::figure::{Fit, Rounds};
use crate::read::{between, plain_html};
use crate::record::{cpu_us, each, servers};
use crate::{connections, idle, notes, rates, stevens};

/// The sentences beside the pictures of a kind, on the page in this language.
fn notices(document: &Document, kind: &str, language: Language) -> Vec<String> {
    let page = html::draw_both(document, language).unwrap();
    let figures = between(&page, "<figure class=\"picture\" id=\"", "</figcaption>").into_iter();
    let own = figures.filter(|figure| figure.starts_with(kind));
    own.map(|figure| plain_html(between(figure, "<p>", "</p>")[0])).collect()
}

/// One of the pictures of this kind says this, with these figures in the places of `{}`, and all say the same in Chinese.
pub(crate) fn tells(run: &Run, kind: &str, template: &str, values: &[f64]) {
    let document = Document::of(run);
    let all = notices(&document, kind, Language::English);
    assert!(all.iter().any(|notice| says(notice, template, values)), "{template}\n{values:?}\n{all:#?}");
    for (one, other) in all.iter().zip(notices(&document, kind, Language::Chinese)) {
        // Where English says each or less, Chinese has a one.
        let beyond_one =
            |text: &str| figures(text).into_iter().filter(|figure| figure != "1").collect::<Vec<_>>();
        assert_eq!(beyond_one(one), beyond_one(&other), "{one}\n{other}");
    }
}

/// The middle of a figure of a model's cells.
fn middle(run: &Run, is: impl Fn(&ServerCell) -> bool, figure: impl Fn(&ServerCell) -> f64) -> f64 {
    Rounds::of(each(&servers(run, is), figure)).middle
}

/// The same of connections.
fn at(run: &Run, model: &str, connections: usize, figure: impl Fn(&ServerCell) -> f64) -> f64 {
    middle(run, |cell| cell.model == model && cell.connections == connections, figure)
}

#[test]
fn of_rates_by_connections() {
    let run = connections::run();
    let [most, least] = ["three", "one"].map(|model| at(&run, model, 1_024, |cell| cell.requests_per_second));
    tells(
        &run,
        "rate-by-connections",
        "With {} connections three answers most, {} requests/s, {} times as many as one with {}. The shaded part begins at {} requests/s, ",
        &[1_024.0, most, most / least, least, crate::record::CEILING],
    );
}

#[test]
fn of_a_ceiling_that_a_cell_is_beyond() {
    let mut run = connections::run();
    run.floor.as_mut().unwrap().ceiling_per_second = 1_000.0;
    let rates = each(&servers(&run, |_| true), |cell| cell.requests_per_second);
    let most = rates.into_iter().fold(0.0, f64::max);
    tells(
        &run,
        "rate-by-connections",
        "The shaded part begins at {} requests/s, the greatest rate that the load generator came to on one processor in this run: ",
        &[most],
    );
}

/// What a model's memory grows by for each connection, in KiB.
fn memory_slope(run: &Run, model: &str) -> Fit {
    let cells = servers(run, |cell| cell.model == model);
    let kib = |cell: &ServerCell| cell.server.unwrap().pss_peak_bytes.unwrap() as f64 / 1_024.0;
    let all = |cell: &ServerCell| cell.connections + cell.shape.idle_connections.unwrap_or(0);
    let points: Vec<(f64, f64)> = cells.iter().map(|cell| (all(cell) as f64, kib(cell))).collect();
    Fit::of(&points, |_| 1.0)
}

/// How far a slope's interval reaches, as a share of it: `±6%`, rounded up.
fn reach(fit: &Fit) -> String {
    format!("±{:.0}%", ((fit.ends.1 - fit.slope) / fit.slope * 100.0).ceil())
}

#[test]
fn of_memory() {
    let run = connections::run();
    let [most, least] = ["three", "one"].map(|model| memory_slope(&run, model));
    let [under_most, under_least] = [reach(&most), reach(&least)];
    let template = format!(
        "A connection more takes {{}} KiB {under_most} under three and {{}} KiB {under_least} under one. Where"
    );
    tells(&run, "memory-per-connection", &template, &[most.slope, least.slope]);
    let mebibytes = |cell: &ServerCell| cell.server.unwrap().pss_peak_bytes.unwrap() as f64 / 1_048_576.0;
    let template = "three has most memory, {} MiB with {} connections. How";
    tells(&run, "memory-by-connections", template, &[at(&run, "three", 1_024, mebibytes), 1_024.0]);
}

#[test]
fn memory_that_falls_by_chance_is_none() {
    let run = idle::run();
    assert!(memory_slope(&run, "flat").slope < 0.0);
    let most = memory_slope(&run, "grows-fast");
    let reach = reach(&most);
    let template =
        format!("A connection more takes {{}} KiB {reach} under grows-fast and {{}} KiB under flat. Where");
    tells(&run, "memory-per-connection", &template, &[most.slope, 0.0]);
}

#[test]
fn of_processor_time() {
    let run = connections::run();
    let [least, most] = ["one", "three"].map(|model| at(&run, model, 16, cpu_us));
    let kernels = at(&run, "one", 16, |cell| {
        let cost = cell.server.unwrap();
        cost.system_s.unwrap() / (cost.user_s.unwrap() + cost.system_s.unwrap())
    });
    tells(
        &run,
        "cpu-per-request-http-hello-over-tcp-16",
        "one is the cheapest with {} µs of processor time for a request; three takes {} times as much. one spends {} of its CPU time in the kernel:",
        &[least, most / least, kernels],
    );
}

#[test]
fn of_switches_and_calls() {
    let run = connections::run();
    let both = |cell: &ServerCell| {
        let cost = cell.server.unwrap();
        [cost.voluntary_switches.unwrap() as f64, cost.involuntary_switches.unwrap() as f64]
    };
    let all = |cell: &ServerCell| both(cell).iter().sum::<f64>() / cell.requests as f64;
    let taken = |cell: &ServerCell| both(cell)[1] / both(cell).iter().sum::<f64>();
    tells(
        &run,
        "switches-per-request-http-hello-over-tcp-8",
        "three leaves its processor {} times a request, one {} times. Who",
        &[at(&run, "three", 8, all), at(&run, "one", 8, all)],
    );
    let template = "Of those of three the kernel took the processor away in {}, the others are waits.";
    tells(&run, "switches-per-request-http-hello-over-tcp-8", template, &[at(&run, "three", 8, taken)]);
    let calls = |cell: &ServerCell| cell.calls.unwrap().syscalls as f64 / cell.calls.unwrap().requests as f64;
    tells(
        &run,
        "calls-per-request-http-hello-over-tcp-8",
        "one makes {} system calls a request, three {}. A",
        &[at(&run, "one", 8, calls), at(&run, "three", 8, calls)],
    );
}

#[test]
fn of_knees() {
    let run = rates::run();
    let template = "one keeps up to {} requests/s, the highest rate that counts. three keeps up to {} requests/s and no longer at the next rate.";
    tells(&run, "p99-by-rate", template, &[40_000.0, 10_000.0]);
    let of = |rate: f64| {
        let figures: [fn(&ServerCell) -> f64; 3] = [
            |cell| cell.latency_us.unwrap().p50,
            |cell| cell.latency_us.unwrap().p99.unwrap(),
            |cell| cell.latency_us.unwrap().p999.unwrap(),
        ];
        let [p50, p99, p999] =
            figures.map(|figure| middle(&run, |cell| cell.model == "two" && cell.rate == Some(rate), figure));
        [rate, p50, p99, p999]
    };
    tells(
        &run,
        "latency-by-rate-two",
        "At {} requests/s it takes {} (p50), {} (p99), {} (p99.9), at {} {} (p50), {} (p99), {} (p99.9).",
        &[of(10_000.0), of(20_000.0)].concat(),
    );
}

#[test]
fn of_a_p50_that_falls_as_the_rate_rises() {
    let mut run = rates::run();
    let says = |run: &Run| {
        let document = Document::of(run);
        notices(&document, "latency-by-rate", Language::English).iter().any(|it| it.contains("The p50 falls"))
    };
    assert!(!says(&run));
    for cell in &mut run.cells {
        let Cell::Servers(cell) = cell else { continue };
        if cell.model == "two" && cell.rate == Some(20_000.0) {
            cell.latency_us.as_mut().unwrap().p50 *= 0.37;
        }
    }
    let p50 = |rate: f64| {
        let is = |cell: &ServerCell| cell.model == "two" && cell.rate == Some(rate);
        middle(&run, is, |cell| cell.latency_us.unwrap().p50)
    };
    tells(
        &run,
        "latency-by-rate-two",
        "The p50 falls, from {} at {} requests/s to {} at {}: where requests are rare,",
        &[p50(10_000.0), 10_000.0, p50(20_000.0), 20_000.0],
    );
}

#[test]
fn of_idle_connections() {
    let run = idle::run();
    let fit = |model: &str| {
        let cells = servers(&run, |cell| cell.model == model);
        let thousands = |cell: &ServerCell| cell.shape.idle_connections.unwrap_or(0) as f64 / 1_000.0;
        let points: Vec<(f64, f64)> = cells.iter().map(|cell| (thousands(cell), cpu_us(cell))).collect();
        Fit::of(&points, |_| 1.0)
    };
    let (flat, fast) = (fit("flat"), fit("grows-fast"));
    // Two digits are told of where the lines meet.
    let meets = (flat.base - fast.base) / (fast.slope - flat.slope) * 1_000.0;
    let template = "grows-fast takes {} µs more for a request with each thousand idle connections ({}..{}):";
    tells(&run, "idle-connections", template, &[fast.slope, fast.ends.0, fast.ends.1]);
    let template = "grows-fast costs more than flat from {} idle connections on.";
    tells(&run, "idle-connections", template, &[(meets / 100.0).round() * 100.0]);
}

#[test]
fn of_errors() {
    let template = "{} of {} models had errors. errs had most, {}, of which {} were wrong. connect";
    tells(&notes::run(), "errors", template, &[5.0, 5.0, 5.0 * (2.0 + 5.0 + 11.0 + 17.0 + 23.0), 5.0 * 23.0]);
}

#[test]
fn of_stevens_shares() {
    let run = stevens::run();
    let ratios = crate::figure::by(&stevens::control(&run, "thread"), &stevens::control(&run, "fork"));
    let template = "thread costs {} of what a fork for each client does here, and {} in the book: of all pairs these are farthest apart.";
    tells(&run, "stevens", template, &[Rounds::of(ratios).middle, 0.99 / 20.90]);
}
