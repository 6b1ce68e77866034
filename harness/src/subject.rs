//! What is put under a load: a model of ours with its options, or somebody else's server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use models::datagram::{datagram_server, datagram_servers};
use models::options::Choice;
use models::server::{Model, Room};

use crate::choose;
use crate::interpreter::Programs;
use crate::measure::group::Group;
use crate::server::{ForeignCommand, ServeCommand, Server};
use crate::transport::Transport;

/// A server to measure.
#[derive(Clone)]
pub enum Subject {
    /// A model of the register.
    Model {
        /// The model.
        model: &'static Model,
        /// Its name and options, those the plan chose included.
        choice: Choice,
    },
    /// Somebody else's server.
    Foreign(Arc<Foreign>),
}

/// Somebody else's server.
#[derive(Debug)]
pub struct Foreign {
    /// What its row is called.
    pub name: String,
    /// How it is started.
    pub command: ForeignCommand,
    /// For how many clients at once it has room, where that is known.
    pub room: Option<Room>,
    /// Why it can't be started here, and what would help.
    pub lacks: Option<String>,
    /// The files it is run from, which go when the last server that needs them does.
    pub files: Option<Programs>,
}

impl Subject {
    /// The model that `choice` names, with options it has.
    pub fn model(choice: Choice) -> anyhow::Result<Self> {
        Ok(Self::Model { model: choose::server(&choice)?, choice })
    }

    /// The name in the record.
    pub fn name(&self) -> &str {
        match self {
            Self::Model { choice, .. } => &choice.name,
            Self::Foreign(foreign) => &foreign.name,
        }
    }

    /// The options in the record.
    pub fn options(&self) -> String {
        match self {
            Self::Model { choice, .. } => choice.options.to_string(),
            Self::Foreign(_) => String::new(),
        }
    }

    /// How it was started, where somebody typed that.
    pub fn command(&self) -> Option<&str> {
        match self {
            Self::Model { .. } => None,
            Self::Foreign(foreign) => Some(foreign.command.typed()),
        }
    }

    /// For how many clients at once it has room, where that is known. Over UDP nobody holds a place.
    pub fn room(&self, transport: Transport) -> Option<Room> {
        match self {
            Self::Model { .. } if transport == Transport::Udp => Some(Room::Many),
            Self::Model { model, choice } => Some((model.room)(&choice.options)),
            Self::Foreign(foreign) => foreign.room,
        }
    }

    /// The same with at least so many workers, unless their number was chosen.
    #[must_use]
    pub fn with_workers(&self, workers: usize) -> Self {
        let mut this = self.clone();
        if let Self::Model { model, choice } = &mut this
            && matches!((model.room)(&choice.options), Room::Workers(_) | Room::DealtOut(_))
        {
            choice.options.set_default("workers", &workers.to_string());
        }
        this
    }

    /// What this machine lacks for it, if anything.
    pub fn lacks(&self, transport: Transport) -> Option<String> {
        match self {
            Self::Model { model, choice } => match transport.stream() {
                Some(stream) => (model.lacks)(&choice.options, stream),
                None => lacks_datagrams(choice),
            },
            Self::Foreign(foreign) if transport == Transport::Tcp => foreign.lacks.clone(),
            Self::Foreign(_) => Some("a server that is not ours is asked to listen on TCP only".to_owned()),
        }
    }

    /// Whether it makes its children orphans on purpose, so that the time of those that ended is in nobody's account.
    pub fn makes_orphans(&self) -> bool {
        match self {
            Self::Model { choice, .. } => {
                choice.name == "fork" && choice.options.text("reap") == Some("double-fork")
            }
            Self::Foreign(_) => false, // nothing is known; the census looks
        }
    }

    /// Starts it as a process of its own, in a control group of its own if there is one.
    pub fn start(
        &self,
        workload: &str,
        transport: Transport,
        processors: &[usize],
        group: Option<&Group>,
        ready_within: Duration,
    ) -> anyhow::Result<Server> {
        match self {
            Self::Model { choice, .. } => {
                let command = ServeCommand::new(choice.to_string(), workload);
                command.transport(transport).processors(processors).in_group(group).start(ready_within)
            }
            Self::Foreign(foreign) => {
                foreign.command.clone().in_group(group).start(workload, processors, ready_within)
            }
        }
    }
}

/// Why a model does not serve datagrams.
fn lacks_datagrams(choice: &Choice) -> Option<String> {
    let Some(model) = datagram_server(&choice.name) else {
        let known: Vec<_> = datagram_servers().iter().map(|model| model.name).collect();
        return Some(format!("{} has nothing to do with datagrams; {} do", choice.name, known.join(", ")));
    };
    choice.options.check(model.name, model.options).err().map(|error| format!("over UDP {error}"))
}

/// As it was asked for: `epoll:trigger=edge`, or the name it was given.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model { choice, .. } => choice.fmt(f),
            Self::Foreign(foreign) => f.write_str(&foreign.name),
        }
    }
}
