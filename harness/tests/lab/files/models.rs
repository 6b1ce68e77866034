//! What every model does for the clients of a file server.

use std::collections::BTreeMap;
use std::thread;

use super::{Talk, bytes, contents, serve};
use crate::common::{can_run, ip, runnable, side_by_side, stop};

#[test]
fn every_model_lists_gives_and_takes() {
    side_by_side(runnable(), |model| {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(model.name, folder.path(), &[]);
        let (small, large) = (bytes(1, 10), bytes(2, 1_500_000));
        let mut talk = Talk::to(&server);
        talk.put("small", &small);
        talk.put("large", &large);
        talk.put("small", b"another");
        assert_eq!(talk.get("small"), b"another", "{}", model.name);
        assert!(talk.get("large") == large, "{}", model.name);
        talk.say("G ../small\nG nothing\nL\nQ\n");
        assert!(talk.line().starts_with("NO name "), "{}", model.name);
        assert!(talk.line().starts_with("NO missing "), "{}", model.name);
        let list: Vec<_> = (0..4).map(|_| talk.line()).collect();
        assert_eq!(list[..3], ["OK 22", "1500000 large", "7 small"], "{}", model.name);
        assert_eq!((talk.line().as_str(), talk.line().as_str()), ("OK 0", ""), "{}", model.name);
        stop(server);
        let expected =
            BTreeMap::from([("small".to_owned(), b"another".to_vec()), ("large".to_owned(), large)]);
        assert!(contents(folder.path()) == expected, "{}", model.name);
    });
}

#[test]
fn fifty_clients_at_once_bring_and_fetch_and_each_has_its_own() {
    let models =
        ["fork", "thread", "epoll", "epoll:trigger=edge", "io-uring", "coroutine", "async", "hybrid"];
    side_by_side(models.into_iter().filter(can_run), |model| {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(model, folder.path(), &[]);
        let address = ip(&server);
        thread::scope(|scope| {
            for client in 0..50_u64 {
                scope.spawn(move || {
                    let (own, shared) =
                        (bytes(client, 30_000 + client as usize), bytes(1_000 + client, 20_000));
                    let mut talk = Talk::at(address);
                    for round in 0..2 {
                        talk.put(&format!("own-{client}"), &own);
                        talk.put("shared", &shared);
                        assert!(talk.get(&format!("own-{client}")) == own, "{model}, round {round}");
                        assert_eq!(talk.get("shared").len(), 20_000, "{model}, round {round}");
                    }
                });
            }
        });
        stop(server);
        let left = contents(folder.path());
        assert_eq!(left.len(), 51, "{model}: {:?}", left.keys());
        let is_whole = (0..50).any(|client| left["shared"] == bytes(1_000 + client, 20_000));
        assert!(is_whole, "{model}: the file that all brought is nobody's");
    });
}

#[test]
fn the_number_of_files_is_exact_also_among_processes() {
    for model in ["fork", "prefork:workers=4", "thread"] {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(model, folder.path(), &["--max-files", "5"]);
        let address = ip(&server);
        let outcomes: Vec<String> = thread::scope(|scope| {
            let bring = move |client: usize| {
                let mut talk = Talk::at(address);
                talk.say(super::upload(&format!("file-{client}"), b"12345"));
                let said = talk.line();
                if said == "GO 5" { talk.line() } else { said }
            };
            let clients: Vec<_> = (0..20).map(|client| scope.spawn(move || bring(client))).collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        let kept = outcomes.iter().filter(|outcome| *outcome == "OK 5").count();
        assert_eq!(kept, 5, "{model}: {outcomes:?}");
        assert!(
            outcomes.iter().all(|it| it == "OK 5" || it.starts_with("NO files ")),
            "{model}: {outcomes:?}"
        );
        stop(server);
        assert_eq!(contents(folder.path()).len(), 5, "{model}");
    }
}
