//! What a report costs: a record of 5,000 cells, from the cells to the words, and the words in every form.

use criterion::Criterion;
use reports::document::Document;
use reports::terminal::{self, Charset, Terminal};
use reports::{csv, html, markdown};

#[path = "../../reports/tests/sample/large.rs"]
mod large;

/// Ten rounds: from six on intervals are drawn, which is the dearer way.
const ROUNDS: u32 = 10;

fn main() {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let run = large::run(ROUNDS);
    assert_eq!(run.cells.len(), ROUNDS as usize * large::CELLS_A_ROUND);
    let document = Document::of(&run);
    let mut group = criterion.benchmark_group("report-of-5000-cells");
    group.bench_function("words", |bencher| bencher.iter(|| Document::of(&run)));
    group.bench_function("html", |bencher| bencher.iter(|| html::draw(&document).expect("it can be drawn")));
    group.bench_function("markdown", |bencher| bencher.iter(|| markdown::draw(&document)));
    group.bench_function("terminal", |bencher| {
        bencher.iter(|| terminal::draw(&document, Terminal { width: 80, charset: Charset::Utf8 }));
    });
    group.bench_function("cells", |bencher| bencher.iter(|| csv::draw(&run).expect("it can be drawn")));
    group.finish();
    criterion.final_summary();
}
