//! `may_minihttp`: a coroutine for each connection, on one worker. It answers `Connection: close` as any other request
//! and keeps the connection.

use std::io;

use may_minihttp::{HttpServer, HttpService, Request, Response};

#[derive(Clone)]
struct Hello;

impl HttpService for Hello {
    fn call(&mut self, request: Request<'_, '_, '_>, response: &mut Response<'_>) -> io::Result<()> {
        response.header("Content-Type: text/plain; charset=utf-8");
        match request.path() {
            "/hello" => response.body("Hello World\n"),
            _ => {
                response.status_code(404, "Not Found");
                response.body("There is nothing here.\n");
            }
        }
        Ok(())
    }
}

fn main() -> io::Result<()> {
    may::config().set_workers(1).set_worker_pin(false);
    let server = HttpServer(Hello).start(("127.0.0.1", rivals::port()))?;
    server.join().map_err(|_| io::Error::other("the server panicked"))
}
