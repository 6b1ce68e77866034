//! `concur chat` and `concur listen`, and what a room and a broadcast are told at the start.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use workloads::chat::Rules;

use crate::failure::Usage;
use crate::transport::Transport;

/// What `concur serve` is told of a chat room, and of what it broadcasts.
#[derive(Debug, Clone, Default, Args)]
pub struct Room {
    /// How many members a chat room has at once [default: 1000].
    #[arg(long, value_name = "N")]
    pub max_members: Option<usize>,
    /// Who says nothing in a chat room for so long is taken for gone [default: 10min].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub member_time: Option<Duration>,
    /// Where `broadcast` sends what comes in: a network's highest address [default: 127.255.255.255:9999].
    #[arg(long, value_name = "ADDR")]
    pub broadcast_to: Option<SocketAddr>,
}

/// The most members there may be: each has a line of its own for everything that is said.
const MEMBERS_AT_MOST: usize = 100_000;
/// The longest silence.
const SILENCE_AT_MOST: Duration = Duration::from_secs(24 * 60 * 60);
/// Where a broadcast goes if nobody says otherwise.
const BROADCAST_TO: ([u8; 4], u16) = ([127, 255, 255, 255], 9999);

impl Room {
    /// The rules of a chat room.
    ///
    /// # Errors
    /// A room for nobody, or for too many or too long.
    pub fn rules(&self) -> anyhow::Result<Rules> {
        let usual = Rules::default();
        let members = self.max_members.unwrap_or(usual.members);
        let silence = self.member_time.unwrap_or(usual.silence);
        if !(1..=MEMBERS_AT_MOST).contains(&members) {
            return Err(Usage::error(format!(
                "--max-members can't be {members}; try 1 to {MEMBERS_AT_MOST}"
            )));
        }
        if silence.is_zero() || silence > SILENCE_AT_MOST {
            return Err(Usage::error(
                "--member-time is more than 0 and a day at most; try --member-time 10min",
            ));
        }
        Ok(Rules { members, silence })
    }

    /// Where a broadcast goes.
    ///
    /// # Errors
    /// IPv6 has no broadcast.
    pub fn broadcast_to(&self) -> anyhow::Result<SocketAddr> {
        let to = self.broadcast_to.unwrap_or(BROADCAST_TO.into());
        if to.is_ipv6() || to.port() == 0 {
            return Err(Usage::error(format!(
                "--broadcast-to can't be {to}: it is an IPv4 address with a port; try 127.255.255.255:9999"
            )));
        }
        Ok(to)
    }

    /// Refuses a server that would hear its own broadcast, and send that on for ever.
    ///
    /// # Errors
    /// A server at `address` is reached by what is sent to where the broadcast goes.
    pub fn check_echo(&self, address: SocketAddr) -> anyhow::Result<()> {
        let to = self.broadcast_to()?;
        let hears_it = address.ip().is_unspecified() || address.ip() == to.ip();
        if hears_it && address.port() == to.port() {
            return Err(Usage::error(format!(
                "a server at {address} would hear its own broadcast to {to}, and send it for ever; try another --bind"
            )));
        }
        Ok(())
    }

    /// Refuses what `workload` has no use for.
    ///
    /// # Errors
    /// One of these was given for a workload that is not the one it is for.
    pub fn check(&self, workload: &str) -> anyhow::Result<()> {
        if workload != "chat" && (self.max_members.is_some() || self.member_time.is_some()) {
            return Err(Usage::error(
                "--max-members and --member-time are a chat room's; try --workload chat",
            ));
        }
        if workload != "broadcast" && self.broadcast_to.is_some() {
            return Err(Usage::error(
                "--broadcast-to is where broadcast sends; try --workload broadcast --transport udp",
            ));
        }
        Ok(())
    }
}

/// `concur chat`.
#[derive(Debug, Args)]
pub struct Chat {
    /// Where the room is: `127.0.0.1:8888`, or `unix:PATH`.
    #[arg(value_name = "ADDR", default_value = "127.0.0.1:8888")]
    pub address: String,
    /// Who you are in there.
    #[arg(long)]
    pub name: String,
    /// What the room is reached over [default: the stream that goes with ADDR].
    #[arg(long)]
    pub transport: Option<Transport>,
    /// How long the room may take to answer.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "5s")]
    pub patience: Duration,
}

/// `concur listen`.
#[derive(Debug, Args)]
pub struct Listen {
    /// Where to listen; several may listen at one address [default: 127.255.255.255:9999].
    #[arg(value_name = "ADDR")]
    pub address: Option<SocketAddr>,
    /// End after so many datagrams [default: go on until Ctrl-C].
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
}

impl Listen {
    /// Where to listen.
    pub fn address(&self) -> SocketAddr {
        self.address.unwrap_or(BROADCAST_TO.into())
    }
}
