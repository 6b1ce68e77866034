//! What a session does for a folder of pages.

use bytes::BytesMut;

use super::{HttpSession, Manner, State};
use crate::http::date;
use crate::http::pages::{Body, PageReply, Sending};
use crate::session::Next;

impl HttpSession {
    /// Shows a page, or says why not; none if the next request may follow at once.
    #[cold]
    pub(super) fn page(&mut self, reply: PageReply, manner: Manner, output: &mut BytesMut) -> Option<Next> {
        reply.write_head(date::field((self.clock)()), manner.persistence, output);
        match reply.body {
            Body::Text(text) if !manner.head_only => output.extend_from_slice(text.as_bytes()),
            Body::Parts(parts) if !manner.head_only => {
                self.sending = Some(Box::new(Sending::new(parts, manner.persistence)));
                return self.send_page(output);
            }
            Body::None | Body::Text(_) | Body::Parts(_) => {}
        }
        self.finish(manner.persistence)
    }

    /// Goes on with a page, of which the model sends a part at a time.
    pub(super) fn send_page(&mut self, output: &mut BytesMut) -> Option<Next> {
        let Some(sending) = &mut self.sending else { return Some(self.close()) };
        if let Some(part) = sending.go_on(output) {
            self.state = State::Sending;
            return Some(Next::File(part));
        }
        let persistence = sending.persistence();
        self.sending = None;
        self.finish(persistence)
    }
}
