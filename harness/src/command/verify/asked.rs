//! What was asked for: which servers are to be graded, under which workloads, over what, and by which cases.

use models::datagram::datagram_servers;
use models::options::{Choice, Kind};
use models::server::{Model, server, servers};

use crate::cli::{Content, Verify};
use crate::failure::Usage;
use crate::server::{ForeignCommand, ROOT};
use crate::transport::Transport;
use crate::verify::case::Case;
use crate::verify::subject::Target;
use crate::verify::{OVER_UDP, STARTS, Suite, WORKLOADS, cases};
use crate::{address, choose, workload};

/// What is to be graded: each server under each workload.
pub(super) fn suites(arguments: &Verify) -> anyhow::Result<Vec<Suite>> {
    let (targets, default_workloads) = targets(arguments)?;
    let workloads = workloads(&arguments.workload, default_workloads)?;
    check_names(&arguments.cases, &workloads)?;
    let mut suites = Vec::new();
    for target in targets {
        for &workload in &workloads {
            if !has_cases(&target, workload, &arguments.workload)? {
                continue;
            }
            let mut cases = cases(workload);
            if !arguments.cases.is_empty() {
                cases.retain(|case| arguments.cases.iter().any(|name| name == case.name));
            }
            // A case of one workload only is no reason to try nothing under the other.
            if !cases.is_empty() || arguments.cases.iter().any(|name| name == STARTS) {
                let unsupported = lacks(&target, workload).or_else(|| refuses(&target, workload));
                suites.push(Suite { unsupported, target: target.clone(), workload, cases });
            }
        }
    }
    Ok(suites)
}

fn targets(arguments: &Verify) -> anyhow::Result<(Vec<Target>, &'static [&'static str])> {
    let foreign: &[&str] = &["http"];
    let transports = transports(&arguments.transport);
    let over_each = |choice: Choice| transports.iter().map(move |over| model(choice.clone(), *over));
    let streams: Vec<Transport> = transports.iter().copied().filter(|over| *over != Transport::Udp).collect();
    let all = || -> anyhow::Result<Vec<Target>> {
        let over_streams =
            |choice: Choice| streams.iter().map(move |over| model(choice.clone(), *over)).collect::<Vec<_>>();
        let mut all: Vec<Target> =
            variants()?.into_iter().flat_map(over_streams).collect::<anyhow::Result<_>>()?;
        if transports.contains(&Transport::Udp) {
            let names =
                datagram_servers().iter().map(|model| choose::choice(model.name).map(Target::Datagrams));
            all.extend(names.collect::<anyhow::Result<Vec<_>>>()?);
        }
        Ok(all)
    };
    Ok(match (&arguments.target, &arguments.cmd) {
        (None, Some(text)) => {
            let command = ForeignCommand::parse(text).map_err(|error| Usage::error(error.to_string()))?;
            (vec![Target::Command(text.clone(), command)], foreign)
        }
        (Some(text), None) if is_address(text) => {
            let text = text.trim_start_matches("http://").trim_end_matches('/');
            let address = address::resolve(text)?;
            let mut asked: Vec<_> = arguments.transport.iter().copied().map(Some).collect();
            if asked.is_empty() {
                asked.push(None);
            }
            let over = |asked| Ok(Target::Address(address.clone(), Transport::for_address(asked, &address)?));
            (asked.into_iter().map(over).collect::<anyhow::Result<_>>()?, foreign)
        }
        (Some(text), None) => {
            let choice = choose::choice(text)?;
            (over_each(choice).collect::<anyhow::Result<_>>()?, &WORKLOADS)
        }
        _ if arguments.list => (vec![model(choose::choice(servers()[0].name)?, Transport::Tcp)?], &WORKLOADS),
        _ => (all()?, &WORKLOADS),
    })
}

/// What our models are tried over.
fn transports(asked: &[Transport]) -> Vec<Transport> {
    if asked.is_empty() { vec![Transport::Tcp] } else { asked.to_vec() }
}

/// Whether there are cases for this workload over what the server is reached over. It is wrong to ask for one that has none.
fn has_cases(target: &Target, workload: &str, asked: &[String]) -> anyhow::Result<bool> {
    let has = target.transport() != Transport::Udp || OVER_UDP.contains(&workload);
    if !has && asked.iter().any(|name| name == workload) {
        return Err(Usage::error(format!(
            "verify has no cases for {workload} over UDP; try --workload {}, or concur load --transport udp, which checks \
             every reply",
            OVER_UDP.join(",")
        )));
    }
    Ok(has)
}

/// Why a model can't carry a workload, if it can't.
fn refuses(target: &Target, workload: &str) -> Option<String> {
    let Target::Model(choice, model, _) = target else { return None };
    // A workload that wants more than its name to be served is one that every model carries.
    let service = workload::service(workload, &Content::default()).ok()?;
    model.refuses(&*service, &choice.options).map(str::to_owned)
}

/// A port, or anything with a colon that is not one of our models with options.
fn is_address(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    let is_port = text.bytes().all(|byte| byte.is_ascii_digit());
    is_port || (text.contains(':') && !text.contains('=') && server(name).is_none())
}

fn model(choice: Choice, over: Transport) -> anyhow::Result<Target> {
    if over == Transport::Udp {
        choose::datagram_server(&choice)?;
        return Ok(Target::Datagrams(choice));
    }
    let model = choose::server(&choice)?;
    Ok(Target::Model(choice, model, over))
}

/// Every model as it is by default, and with each other word of each of its options.
fn variants() -> anyhow::Result<Vec<Choice>> {
    servers().iter().flat_map(variants_of).map(|text| choose::choice(&text)).collect()
}

fn variants_of(model: &'static Model) -> impl Iterator<Item = String> {
    let words = model.options.iter().flat_map(|spec| {
        let words: &[&str] = match spec.kind {
            Kind::Word(words) => words.get(1..).unwrap_or_default(), // the first is the default
            _ => &[],
        };
        words.iter().map(|word| format!("{}:{}={word}", model.name, spec.key))
    });
    std::iter::once(model.name.to_owned()).chain(words)
}

fn lacks(target: &Target, workload: &str) -> Option<String> {
    match target {
        Target::Model(choice, model, over) => {
            over.stream().and_then(|stream| (model.lacks)(&choice.options, stream))
        }
        Target::Command(_, command) if workload == "files" && !command.takes_root() => Some(format!(
            "the command does not say where the folder goes that it is to serve; write {ROOT} in its place"
        )),
        Target::Address(..) if workload == "files" => {
            Some("what a file server serves must be known, so it can't be one that runs already".to_owned())
        }
        Target::Datagrams(_) | Target::Command(..) | Target::Address(..) => None,
    }
}

fn workloads(asked: &[String], default: &'static [&'static str]) -> anyhow::Result<Vec<&'static str>> {
    if asked.is_empty() {
        return Ok(default.to_vec());
    }
    let find = |name: &String| {
        WORKLOADS.into_iter().find(|workload| workload == name).ok_or_else(|| {
            Usage::error(format!("there are no cases for '{name}'; try one of: {}", WORKLOADS.join(", ")))
        })
    };
    asked.iter().map(find).collect()
}

fn check_names(names: &[String], workloads: &[&'static str]) -> anyhow::Result<()> {
    let known: Vec<Case> = workloads.iter().flat_map(|workload| cases(workload)).collect();
    match names.iter().find(|name| *name != STARTS && !known.iter().any(|case| case.name == **name)) {
        None => Ok(()),
        Some(name) => Err(Usage::error(format!(
            "there is no case '{name}' for {}; see concur verify --list",
            workloads.join(" or ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_one_of_our_models_or_an_address() {
        for address in ["8080", "127.0.0.1:80", "localhost:1", "[::1]:8080", "http://127.0.0.1:80/"] {
            assert!(is_address(address), "{address}");
        }
        for model in ["epoll", "epol", "thread-pool:workers=4", "epol:trigger=edge", "thread:stack"] {
            assert!(!is_address(model), "{model}");
        }
    }

    #[test]
    fn every_model_is_a_variant_and_so_is_each_other_word_of_its_options() {
        let variants: Vec<String> = servers().iter().flat_map(variants_of).collect();
        for model in servers() {
            assert!(variants.iter().any(|text| text == model.name), "{}", model.name);
            for spec in model.options {
                let Kind::Word(words) = spec.kind else { continue };
                for word in &words[1..] {
                    assert!(variants.contains(&format!("{}:{}={word}", model.name, spec.key)));
                }
            }
        }
    }
}
