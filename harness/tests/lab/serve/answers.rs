//! Every request is answered, in order, however its client goes about it.

use std::io::{Read, Write};

use crate::common::streams::{is_echoed, is_refused_a_flood, pattern};
use crate::common::{ask, children_of, connect, eventually, hear, hello, ip, serve, stop};
use crate::serve::models::all;

#[test]
fn every_model_answers_every_route() {
    for model in all() {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        for (path, status, body) in [
            ("/hello", 200, "Hello World\n"),
            ("/cpu/100", 200, "25\n"),
            ("/wait/20", 200, "waited 20 ms\n"),
            ("/nothing", 404, ""),
        ] {
            ask(&mut client, path);
            let (got, text) = hear(&mut client);
            assert_eq!(got, status, "{model} {path}");
            assert!(String::from_utf8(text).unwrap().starts_with(body), "{model} {path}");
        }
        ask(&mut client, "/bytes/3000000");
        assert_eq!(hear(&mut client).1.len(), 3_000_000, "{model}");
        drop(client);
        stop(server);
    }
}

#[test]
fn requests_sent_together_are_answered_in_order() {
    for model in all() {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        let requests = ["/cpu/10", "/wait/10", "/bytes/200000", "/cpu/20"]
            .map(|path| format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        client.write_all(requests.concat().as_bytes()).unwrap();
        assert_eq!(hear(&mut client).1, b"4\n", "{model}");
        assert_eq!(hear(&mut client).1, b"waited 10 ms\n", "{model}");
        assert_eq!(hear(&mut client).1.len(), 200_000, "{model}");
        assert_eq!(hear(&mut client).1, b"8\n", "{model}");
        drop(client);
        stop(server);
    }
}

#[test]
fn a_half_closed_client_gets_its_answer() {
    for model in all() {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        ask(&mut client, "/wait/50");
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(hear(&mut client).1, b"waited 50 ms\n", "{model}");
        assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0, "{model}");
        stop(server);
    }
}

#[test]
fn a_refusal_can_be_read_although_more_was_sent_than_was_read() {
    for model in all() {
        let server = serve(model, &[]);
        is_refused_a_flood(model, connect(server.address()));
        stop(server);
    }
}

#[test]
fn every_model_echoes_what_is_sent_and_ends_with_its_client() {
    for model in all() {
        let server = serve(model, &["--workload", "echo"]);
        is_echoed(model, &connect(server.address()), &pattern(3_000_000));
        stop(server);
    }
}

#[test]
fn a_thousand_short_connections_leave_no_zombie() {
    let server = serve("fork", &[]);
    for _ in 0..1_000 {
        hello(server.address());
    }
    // The last child is still on its way out when its client has its answer.
    eventually("all children have been waited for", || children_of(server.pid()).is_empty());
    stop(server);
}

/// A library that forgets a descriptor only after it was closed, and was given to the next client, loses that client.
#[test]
fn twenty_thousand_short_connections_side_by_side_are_all_answered_by_coroutines() {
    for model in ["coroutine", "async"] {
        let server = serve(model, &[]);
        let address = ip(&server);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..1_250 {
                        let mut client = connect(address);
                        client
                            .write_all(b"GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
                            .unwrap();
                        let mut reply = String::new();
                        client.read_to_string(&mut reply).unwrap();
                        assert!(reply.ends_with("Hello World\n"), "{model}: {reply}");
                    }
                });
            }
        });
        stop(server);
    }
}
