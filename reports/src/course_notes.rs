//! What the course notes say of what the lab measures, which our figures stand beside: their timing table of six figures, how
//! much dearer a process is than a thread, and their comparison of ways to talk between processes.

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

/// What a statement of the notes without a figure of its own is said to come from.
pub const PROSE: &str = "course notes";

/// What making a process is said to cost, in times of what making a thread does.
pub const PROCESS_BY_THREAD: f64 = 20.0;

/// A column of the notes' comparison of ways to talk between processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Talk {
    /// What the notes call it.
    pub name: &'static str,
    /// How the names of our ways that are such begin.
    way: &'static str,
    /// Where the data is.
    pub place: &'static str,
    /// How it is read and written.
    pub reading: &'static str,
    /// How fast it is.
    pub speed: &'static str,
    /// What it suits.
    pub suits: &'static str,
}

impl Talk {
    /// Whether one of our ways is such.
    pub fn is(&self, way: &str) -> bool {
        self.kind(way).is_some()
    }

    /// One of our ways in the notes' words, and which kind of that it is: `shared memory, futex`.
    pub fn label(&self, way: &str) -> String {
        match self.kind(way) {
            Some(kind) if !kind.is_empty() => format!("{}, {kind}", self.name),
            _ => self.name.to_owned(),
        }
    }

    /// What our way's name has behind the notes'; none if it is none of theirs.
    fn kind<'a>(&self, way: &'a str) -> Option<&'a str> {
        match way.strip_prefix(self.way)? {
            "" => Some(""),
            rest => rest.strip_prefix('-'),
        }
    }
}

/// The notes' three ways, in their order.
pub const TALKS: [Talk; 3] = [
    Talk {
        name: "pipe",
        way: "pipe",
        place: "memory",
        reading: "two ends, one- or two-way",
        speed: "middling",
        suits: "related processes",
    },
    Talk {
        name: "message queue",
        way: "message-queue",
        place: "memory",
        reading: "first in, first out",
        speed: "middling",
        suits: "anywhere",
    },
    Talk {
        name: "shared memory",
        way: "shared-memory",
        place: "memory",
        reading: "each write replaces the last",
        speed: "fast",
        suits: "complex, needs synchronising",
    },
];
