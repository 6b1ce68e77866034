//! A picture of each kind of drawing, with all that a drawing has to deal with.

use reports::picture::{
    Area, Axis, Bar, Bars, Drawing, Heat, Lines, On, Picture, Point, Row, Scale, Series, Style, Tracks,
};

/// All of them.
pub(crate) fn all() -> Vec<Picture> {
    vec![rates(), percentiles(), speed_up(), costs(), over_time(), timeline()]
}

fn axis(title: &str, unit: &str, scale: Scale) -> Axis {
    Axis { title: title.into(), unit: unit.into(), scale }
}

fn picture(id: &str, title: &str, notice: &str, drawing: Drawing) -> Picture {
    Picture { id: id.into(), title: title.into(), notice: notice.into(), drawing }
}

/// Ten series over few numbers, with intervals, a nought, an area of either kind, and a name that must be escaped.
pub(crate) fn rates() -> Picture {
    let names = [
        "epoll",
        "io-uring",
        "mio",
        "poll",
        "thread",
        "prethread",
        "async:workers=1",
        "coroutine",
        "select",
        "fork <&>",
    ];
    let series = names.iter().enumerate().map(|(index, name)| {
        let rate = |connections: f64| {
            60_000.0 * connections / (connections + 2.0 + index as f64) - 2_500.0 * index as f64
        };
        let point = |connections: f64| {
            let y = if index == 9 && connections < 2.0 { 0.0 } else { rate(connections) };
            Point { x: connections, y, interval: (index < 5).then_some((y * 0.94, y * 1.05)) }
        };
        let points = [1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0].map(point).to_vec();
        Series { name: (*name).into(), points, style: Style::Measured }
    });
    let drawing = Drawing::Lines(Lines {
        x: axis("connections", "", Scale::Logarithmic),
        y: axis("rate", "req/s", Scale::Linear),
        series: series.collect(),
        areas: vec![
            Area { name: "beyond the load generator".into(), on: On::Y, from: 56_000.0, to: None },
            Area { name: "more than cores".into(), on: On::X, from: 300.0, to: None },
        ],
    });
    let notice = "epoll reaches 57,000 requests/s with 64 connections and no more with 1,024, as the load generator was the limit.";
    picture("rate-by-connections", "Rate by connections: http, /hello, tcp", notice, drawing)
}

/// Percentiles on an axis of nines over a logarithmic one, with a reference.
pub(crate) fn percentiles() -> Picture {
    let curve = |name: &str, factor: f64, style| {
        let percentiles = [0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.95, 99.99];
        let point = |percentile: f64| Point {
            x: percentile,
            y: factor * 40.0 / (1.0_f64 - percentile / 100.0).powf(0.6),
            interval: None,
        };
        Series { name: name.into(), points: percentiles.map(point).to_vec(), style }
    };
    let drawing = Drawing::Lines(Lines {
        x: axis("percentile", "%", Scale::Nines),
        y: axis("latency", "µs", Scale::Logarithmic),
        series: vec![
            curve("thread", 1.0, Style::Measured),
            curve("thread, uncorrected", 0.5, Style::Reference),
            curve("epoll", 2.1, Style::Measured),
        ],
        areas: Vec::new(),
    });
    let notice =
        "The slowest replies of epoll took 2.1 times as long as those of thread at every percentile.";
    picture("latency-by-percentile", "Latency by percentile: echo, tcp", notice, drawing)
}

/// Points with two laws and a flat line.
pub(crate) fn speed_up() -> Picture {
    let points = |speed: &dyn Fn(f64) -> f64| -> Vec<Point> {
        [1.0, 2.0, 4.0, 8.0]
            .map(|x| Point { x, y: speed(x), interval: Some((speed(x) * 0.9, speed(x) * 1.08)) })
            .to_vec()
    };
    let law = |name: &str, speed: &dyn Fn(f64) -> f64| Series {
        name: name.into(),
        points: (0..=14)
            .map(|step| 1.0 + f64::from(step) / 2.0)
            .map(|x| Point { x, y: speed(x), interval: None })
            .collect(),
        style: Style::Reference,
    };
    let amdahl = |x: f64| 1.0 / (0.1 + 0.9 / x);
    let usl = |x: f64| x / (1.0 + 0.05 * (x - 1.0) + 0.02 * x * (x - 1.0));
    let drawing = Drawing::Lines(Lines {
        x: axis("at once", "", Scale::Linear),
        y: axis("speed-up", "times", Scale::Linear),
        series: vec![
            Series { name: "processes".into(), points: points(&usl), style: Style::Points },
            Series { name: "gil".into(), points: points(&|_| 0.97), style: Style::Points },
            law("processes: Amdahl", &amdahl),
            law("processes: USL", &usl),
            law("one interpreter lock", &|_| 1.0),
        ],
        areas: Vec::new(),
    });
    picture(
        "speed-up",
        "Speed-up: primes",
        "Processes come to 3.5 times line's speed with 8 at once; gil stays at 0.97.",
        drawing,
    )
}

/// Bars in two parts, with an interval and a label that has no room.
pub(crate) fn costs() -> Picture {
    let bar = |label: &str, value: &str, lengths: [f64; 2]| {
        let whole = lengths[0] + lengths[1];
        Bar {
            label: label.into(),
            value: value.into(),
            lengths: lengths.to_vec(),
            interval: Some((whole * 0.95, whole * 1.04)),
        }
    };
    let drawing = Drawing::Bars(Bars {
        axis: axis("CPU per request", "µs", Scale::Linear),
        parts: vec!["user".into(), "system".into()],
        rows: vec![
            bar("epoll", "8.20 µs ±5%", [2.0, 6.2]),
            bar("thread", "12.4 µs ±5%", [3.1, 9.3]),
            bar(
                "a model with a very long name:and=options,which=have,no=room,whatever=is,done=here",
                "40.0 µs ±5%",
                [10.0, 30.0],
            ),
        ],
    });
    picture(
        "cpu-per-request",
        "CPU per request: echo, tcp",
        "Three quarters of what a request costs is spent in the kernel.",
        drawing,
    )
}

/// A grid with counts from none to many.
pub(crate) fn over_time() -> Picture {
    let edges: Vec<f64> = (0..=12).map(|step| 20.0 * 1.6_f64.powi(step)).collect();
    let column = |slice: u64| -> Vec<u64> {
        (0..12_u64).map(|row| 12_000_u64 >> (row.abs_diff(3 + slice % 3) * 2)).collect()
    };
    let drawing = Drawing::Heat(Heat {
        x: axis("time", "s", Scale::Linear),
        y: axis("latency", "µs", Scale::Logarithmic),
        x_edges: (0..=20).map(|slice| f64::from(slice) / 10.0).collect(),
        y_edges: std::iter::once(0.0).chain(edges.into_iter().skip(1)).collect(),
        counts: (0..20).map(column).collect(),
    });
    picture(
        "latency-over-time",
        "Latency over time: epoll",
        "Most replies took 80 to 130 µs all along; nothing stalls.",
        drawing,
    )
}

/// Rows that come and go, in every state.
pub(crate) fn timeline() -> Picture {
    let row = |label: &str, first, states: &str| Row { label: label.into(), first, states: states.repeat(4) };
    let drawing = Drawing::Tracks(Tracks {
        every_ms: 10.0,
        rows: vec![
            row("fork 4711 (process)", 0, "RRSSSRrSSS"),
            row("a worker with a long name", 3, "rRRDDS"),
            row("4713", 8, "RTTZZ"),
        ],
    });
    picture("timeline", "Who ran when: fork", "The parent waits while its workers run.", drawing)
}
