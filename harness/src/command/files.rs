//! `concur files`: a client of the file server, for one action or at a prompt.
//!
//! * `link` is the connection, `remote` what is said over it, `bar` how far a transfer is;
//! * `prompt` takes commands one after another, `words` understands them, `editor` is the line they are typed in.

mod bar;
mod editor;
mod link;
mod prompt;
mod remote;
mod told;
mod words;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use self::remote::Remote;
use self::told::Told;
use crate::address::resolve;
use crate::cli::{FileAction, Files};
use crate::failure::Usage;

pub(super) fn run(arguments: &Files) -> anyhow::Result<ExitCode> {
    if arguments.timeout.is_zero() {
        return Err(Usage::error("--timeout can't be 0; try --timeout 60s"));
    }
    let address = resolve(&arguments.address)?;
    let (stop, idle) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    super::stop_or_end_on_signals(&stop, &idle)?;
    let mut remote = Remote::new(address, arguments.timeout, Arc::clone(&stop), Arc::clone(&idle));
    match &arguments.action {
        Some(action) => {
            let told = carry_out(action, &mut remote, arguments.json)?;
            super::print(&told.text(arguments.json)?)?;
            remote.leave();
            Ok(ExitCode::SUCCESS)
        }
        None => prompt::run(&mut remote, arguments.json, &stop, &idle),
    }
}

/// Does one thing.
fn carry_out(action: &FileAction, remote: &mut Remote, as_json: bool) -> anyhow::Result<Told> {
    match action {
        FileAction::List => remote.list().map(Told::List),
        FileAction::Get { name, file } => {
            let name = words::name(name)?;
            let file = file.clone().unwrap_or_else(|| name.as_str().into());
            remote.get(&name, &file, !as_json).map(Told::Got)
        }
        FileAction::Put { file, name } => {
            let name = words::name_for(file, name.as_deref())?;
            remote.put(file, &name, !as_json).map(Told::Put)
        }
    }
}
