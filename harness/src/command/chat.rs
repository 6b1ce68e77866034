//! `concur chat` and `concur listen`.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use socket2::{Domain, Socket, Type};
use workloads::chat::text;

use crate::address;
use crate::chat::{Ask, talk};
use crate::cli::{Chat, Listen};
use crate::failure::Usage;
use crate::transport::Transport;

/// The longest datagram, and a byte.
const DATAGRAM_BYTES: usize = 65_508;
/// How often it is looked whether somebody wants it to end.
const LOOK: Duration = Duration::from_millis(100);

pub(super) fn run(arguments: &Chat) -> anyhow::Result<ExitCode> {
    let address = address::resolve(&arguments.address)?;
    let transport = Transport::for_address(arguments.transport, &address)?;
    if arguments.patience.is_zero() {
        return Err(Usage::error("--patience can't be 0; try --patience 5s"));
    }
    let ask = Ask { address, transport, name: arguments.name.clone(), patience: arguments.patience };
    let stop = super::stop_on_signals()?;
    talk(&ask, &stop)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints each datagram that comes, with its sender.
pub(super) fn listen(arguments: &Listen) -> anyhow::Result<ExitCode> {
    let address = arguments.address();
    let hint = "it is an address of this machine, or a broadcast address of one of its networks";
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_reuse_address(true)?; // several may be bound to it, and each is given what is broadcast
    socket.set_read_timeout(Some(LOOK))?;
    socket.bind(&address.into()).with_context(|| format!("can't listen at {address}; {hint}"))?;
    let stop = super::stop_on_signals()?;
    let socket = UdpSocket::from(socket);
    let bound = socket.local_addr()?;
    super::print(&format!("listening on {bound}\n"))?;
    let mut buffer = vec![0; DATAGRAM_BYTES];
    let mut left = arguments.count.unwrap_or(u64::MAX);
    while left > 0 && !stop.load(Ordering::Relaxed) {
        let (length, from) = match socket.recv_from(&mut buffer) {
            Ok(received) => received,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => continue,
            Err(error) => return Err(error.into()),
        };
        let said = String::from_utf8_lossy(&buffer[..length]);
        super::print(&format!("{from}: {}\n", text::clean(said.trim_end())))?;
        left -= 1;
    }
    Ok(ExitCode::SUCCESS)
}
