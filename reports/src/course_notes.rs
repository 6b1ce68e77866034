//! The timing table of the course notes: their own six figures, which ours stand beside.

/// Where the figures come from.
pub const SOURCE: &str = "course notes, Python, four cores";

/// One way of the notes to do the same work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Way {
    /// The notes' name for it.
    pub name: &'static str,
    /// The executor of ours that does the same.
    pub executor: &'static str,
    /// What the notes measured for CPU work, in seconds.
    pub cpu_s: f64,
    /// What they measured for IO, in seconds.
    pub io_s: f64,
}

/// The notes' three ways. The first is the one the others are compared with.
pub const WAYS: [Way; 3] = [
    Way { name: "Line", executor: "line", cpu_s: 8.151_667_118_072_51, io_s: 6.841_825_246_810_913 },
    Way { name: "Thread", executor: "threads", cpu_s: 8.414_522_647_857_666, io_s: 6.023_292_541_503_906 },
    Way {
        name: "Process",
        executor: "processes",
        cpu_s: 4.079_084_157_943_726,
        io_s: 3.213_255_167_007_446_3,
    },
];

/// The executor that all others are compared with.
pub const BASELINE: &str = WAYS[0].executor;
