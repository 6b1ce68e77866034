//! What is measured just now, told by who measures it to who shows it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::load::Replies;
use crate::measure::tree::Tree;

/// A place where there is one subject at a time, or none. Its clones are the same place.
#[derive(Debug, Clone, Default)]
pub struct Feed(Arc<Mutex<Option<Subject>>>);

/// What is measured.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// Its processes.
    pub(super) tree: Tree,
    /// What has been answered, if it is a server.
    pub(super) replies: Option<Replies>,
    /// Since when it is there; no two have the same.
    pub(super) since: Instant,
}

/// While it lives, the subject is shown.
#[derive(Debug)]
#[must_use]
pub struct Shown(Feed);

impl Feed {
    /// Shows the processes of `tree`, and what a server has answered. End it before the tree's first process is waited for.
    pub fn shows(&self, tree: Tree, replies: Option<Replies>) -> Shown {
        self.set(Some(Subject { tree, replies, since: Instant::now() }));
        Shown(self.clone())
    }

    pub(super) fn subject(&self) -> Option<Subject> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, subject: Option<Subject>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = subject;
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_there_while_it_is_shown() {
        let feed = Feed::default();
        let shown = feed.shows(Tree::new(1), None);
        assert!(feed.clone().subject().is_some());
        drop(shown);
        assert!(feed.subject().is_none());
    }
}
