//! How long a request may take to arrive, from its first byte.

use std::time::Instant;

use workloads::Conversation;

/// Measures the one request of a connection that has begun to arrive and is not whole.
#[derive(Default)]
pub(crate) struct RequestClock {
    /// When it began, and how many replies had been given by then: another reply means another request.
    began: Option<(Instant, u64)>,
}

impl RequestClock {
    /// No request is under way.
    pub(crate) fn rest(&mut self) {
        self.began = None;
    }

    /// When the request must be whole; none between requests.
    pub(crate) fn deadline(&mut self, conversation: &Conversation, now: Instant) -> Option<Instant> {
        if !conversation.pending() {
            self.rest();
            return None;
        }
        let replies = conversation.replies();
        let began = match self.began {
            Some((began, of)) if of == replies => began,
            _ => now,
        };
        self.began = Some((began, replies));
        Some(began + conversation.limits().request_time)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use workloads::Peer;
    use workloads::http::Http;

    use super::*;

    #[test]
    fn the_time_of_a_request_runs_from_its_own_first_byte() {
        let service = Http::default();
        let limit = service.limits.request_time;
        let mut conversation = Conversation::new(&service, Peer::default());
        let mut clock = RequestClock::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(clock.deadline(&conversation, start), None);
        conversation.arrived(b"GET /hello HTTP/1.1\r\n");
        assert_eq!(clock.deadline(&conversation, after(1)), Some(after(1) + limit));
        conversation.arrived(b"Host: test\r\n");
        assert_eq!(clock.deadline(&conversation, after(2)), Some(after(1) + limit));
        conversation.arrived(b"\r\nGET /hello"); // the end of this one, the beginning of the next
        assert_eq!(clock.deadline(&conversation, after(3)), Some(after(3) + limit));
    }
}
