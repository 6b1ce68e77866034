//! How far a transfer is: a bar on a terminal, and nothing elsewhere.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reports::terminal::Charset;

use crate::appearance;

/// What stands before and behind the bar itself.
const TEMPLATE: &str = "{msg} [{bar:30}] {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}";

/// The bar of one transfer. It goes when it is dropped.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// For so many bytes of what is called `name`; shown on a terminal, if it `shows` at all.
    pub(super) fn new(name: &str, bytes: u64, shows: bool) -> Self {
        if !shows || !stderr().is_terminal() || appearance::is_dumb() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        let filled = if appearance::charset() == Charset::Utf8 { "█▉▊▋▌▍▎▏ " } else { "#> " };
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
        bar.set_style(style.progress_chars(filled));
        bar.set_message(name.to_owned());
        Self(bar)
    }

    /// So many bytes more.
    pub(super) fn add(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
