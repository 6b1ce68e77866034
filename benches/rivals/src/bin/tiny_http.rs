//! `tiny_http`: a pool of its own reads, and a few threads answer.

use std::io;
use std::sync::Arc;
use std::thread;

use tiny_http::{Header, Response, Server};

/// As in its own example; 1 and 64 cost as much.
const WORKERS: usize = 4;

fn main() -> io::Result<()> {
    let server = Server::http(("127.0.0.1", rivals::port())).map_err(io::Error::other)?;
    let server = Arc::new(server);
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let server = Arc::clone(&server);
            thread::spawn(move || answer_all(&server))
        })
        .collect();
    workers.into_iter().for_each(|worker| drop(worker.join()));
    Ok(())
}

fn answer_all(server: &Server) {
    for request in server.incoming_requests() {
        let (status, body) = match request.url() {
            "/hello" => (200, "Hello World\n"),
            _ => (404, "There is nothing here.\n"),
        };
        let plain = Header::from_bytes("Content-Type", "text/plain; charset=utf-8").expect("a right header");
        let response = Response::from_string(body).with_status_code(status).with_header(plain);
        let _ = request.respond(response); // a client that has left is nobody's loss
    }
}
