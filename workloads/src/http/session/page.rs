//! What a session does for a folder of pages.

use bytes::BytesMut;

use super::{HttpSession, Manner, State, take};
use crate::http::date;
use crate::http::pages::{Body, PageReply, Sending};
use crate::http::reply::Content;
use crate::http::routes::Route;
use crate::later::later;
use crate::session::Next;

impl HttpSession {
    /// Has a page looked up, which may take a disk its time. `used` bytes of the input are the head of the request.
    #[cold]
    pub(super) fn show(
        &mut self,
        route: Route,
        manner: Manner,
        used: usize,
        input: &mut BytesMut,
        output: &mut BytesMut,
    ) -> Option<Next> {
        let question = self.pages.as_ref().map_or(Ok(None), |pages| pages.question(&input[..used]));
        take(input, used);
        self.pending = false;
        match question {
            Ok(Some(question)) => {
                let now = (self.clock)();
                let (found, next) = later(move || question.look_up(now));
                self.found = Some(found);
                self.state = State::LookingUp(route, manner);
                Some(next)
            }
            Ok(None) => self.answer(route, manner, output),
            Err(refusal) => Some(self.refuse(refusal, manner.head_only, input, output)),
        }
    }

    /// Shows what was found; else the answer is that of the route.
    pub(super) fn show_found(&mut self, route: Route, manner: Manner, output: &mut BytesMut) -> Option<Next> {
        match self.found.take().and_then(|found| found.take()) {
            Some(Ok(Some(page))) => self.page(page, manner, output),
            Some(Ok(None)) => self.answer(route, manner, output),
            Some(Err(refusal)) => self.reply(refusal.status, Content::Text, refusal.why, manner, output),
            None => Some(self.close()), // nobody did it
        }
    }

    /// Shows a page, or says why not; none if the next request may follow at once.
    fn page(&mut self, reply: PageReply, manner: Manner, output: &mut BytesMut) -> Option<Next> {
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
