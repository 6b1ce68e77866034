//! How long a job is: as the course notes have it, or short, for suites of many cells.

/// How long the jobs of a task are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Size {
    /// As the course notes have it, where they have it: a few tenths of a second up to more than a second.
    #[default]
    Full,
    /// Some 10 to 50 ms, so that hundreds of cells go into a few minutes. What a thread or a process costs to make, a
    /// tenth of a millisecond up to one, is still little beside it.
    Short,
}

impl Size {
    /// Both, the usual one first.
    pub const ALL: [Self; 2] = [Self::Full, Self::Short];

    /// As it stands in records and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Short => "short",
        }
    }

    /// One of two values.
    pub(super) fn choose<T>(self, full: T, short: T) -> T {
        match self {
            Self::Full => full,
            Self::Short => short,
        }
    }
}
