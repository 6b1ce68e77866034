//! What docs/protocols.md says goes over the wire does.

use std::fs;

use super::{Talk, serve};
use crate::common::stop;

#[test]
fn the_example_of_the_page_is_what_happens() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocols.md")).unwrap();
    let block = page.split("```").find(|block| block.starts_with("\n> P ")).expect("the page has an example");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hello.txt"), "Hello World\n").unwrap();
    let server = serve("epoll", folder.path(), &[]);
    let mut talk = Talk::to(&server);
    for line in block.lines().filter(|line| !line.is_empty()) {
        match line.split_at(2) {
            ("> ", said) => talk.say(format!("{said}\n")),
            ("< ", heard) => assert_eq!(talk.line(), heard),
            _ => panic!("a line of the example is nobody's: {line}"),
        }
    }
    assert_eq!(talk.line(), "", "and then it ends");
    stop(server);
}
