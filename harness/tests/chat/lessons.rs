//! The small workloads: what arrives together, records of one length, and one sender with many receivers.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, UdpSocket};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use harness::transport::Transport;
use models::datagram::datagram_servers;
use workloads::records::Record;

use crate::common::{
    PATIENCE, concur, connect, held_still, ip, runnable, serve, serve_over, side_by_side, stop,
};
use crate::members::Screen;

#[test]
fn two_sends_may_arrive_as_one_and_records_are_found_all_the_same() {
    let server = serve("thread", &["--workload", "arrivals"]);
    let mut client = connect(ip(&server));
    let mut line = String::new();
    // The server takes nothing while it is held: what is sent meanwhile waits in one stream of bytes.
    held_still(&server, || {
        client.write_all(b"hello").unwrap();
        client.write_all(b"world").unwrap();
    });
    BufReader::new(&client).read_line(&mut line).unwrap();
    assert_eq!(line, "piece 1: 10 bytes \"helloworld\"\n");
    stop(server);
}

#[test]
fn every_model_finds_records_however_they_are_split() {
    let records: Vec<Record> = (0..100)
        .map(|number: i16| Record { number: number.into(), text: *b"hello", value: f32::from(number) / 4.0 })
        .collect();
    let bytes: Vec<u8> = records.iter().flat_map(Record::bytes).collect();
    let expected = records.iter().map(|record| format!("{record}\n")).collect::<Vec<_>>().concat();
    side_by_side(runnable(), |model| {
        let server = serve(model.name, &["--workload", "records"]);
        let mut client = connect(ip(&server));
        let parts = [&bytes[..3], &bytes[3..7], &bytes[7..40], &bytes[40..41], &bytes[41..]];
        for part in parts {
            client.write_all(part).unwrap();
            thread::sleep(Duration::from_millis(2)); // so that they travel apart, most likely
        }
        client.write_all(b"odd").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answers = String::new();
        client.read_to_string(&mut answers).unwrap();
        assert_eq!(answers, format!("{expected}3 bytes are no record: those have 16\n"), "{}", model.name);
        stop(server);
    });
}

#[test]
fn a_record_is_what_pythons_struct_packs() {
    let program = "import struct, sys; sys.stdout.buffer.write(struct.pack('i5sf', -7, b'abc', 2.5))";
    let Ok(output) = Command::new("python3").args(["-c", program]).output() else {
        return skipped!("there is no python3");
    };
    assert_eq!(output.stdout, Record { number: -7, text: *b"abc\0\0", value: 2.5 }.bytes());
}

/// A UDP port that nobody has, most likely.
fn free_port() -> u16 {
    UdpSocket::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn what_is_broadcast_reaches_everybody_who_listens() {
    for model in datagram_servers() {
        let to = format!("127.255.255.255:{}", free_port());
        let listen = || {
            let mut child =
                concur().args(["listen", &to, "--count", "2"]).stdout(Stdio::piped()).spawn().unwrap();
            let screen = Screen::of(&mut child);
            screen.shows(&format!("listening on {to}"));
            (child, screen)
        };
        let listeners = [listen(), listen(), listen()];
        let program = env!("CARGO_BIN_EXE_concur");
        let arguments =
            format!("{program} serve {} --workload broadcast --transport udp --bind 127.0.0.1:0", model.name);
        let arguments = arguments.split(' ').chain(["--broadcast-to", &to]).map(OsString::from);
        let server = crate::common::start(arguments).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.set_read_timeout(Some(PATIENCE)).unwrap();
        for text in ["good morning", "大家好"] {
            sender.send_to(text.as_bytes(), ip(&server)).unwrap();
            let mut buffer = [0; 100];
            let length = sender.recv(&mut buffer).unwrap();
            let expected = format!("{} bytes went to {to}", text.len());
            assert_eq!(str::from_utf8(&buffer[..length]).unwrap(), expected);
            for (_, screen) in &listeners {
                screen.shows(&format!("{}: {text}", ip(&server)));
            }
        }
        for (mut child, _) in listeners {
            assert!(child.wait().unwrap().success());
        }
        stop(server);
    }
}

#[test]
fn echo_is_not_changed_by_what_the_room_needs() {
    let server = serve_over(Transport::Udp, "fork", "echo");
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.send_to(b"hello", ip(&server)).unwrap();
    assert_eq!(client.recv(&mut [0; 10]).unwrap(), 5);
    stop(server);
}
