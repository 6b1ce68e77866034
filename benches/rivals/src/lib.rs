//! What the rivals share: each is called with the port to listen on.

use std::env;
use std::process;

/// The port, from the command line; without one the program ends and says so.
pub fn port() -> u16 {
    let port = env::args().nth(1).and_then(|text| text.parse().ok());
    port.unwrap_or_else(|| {
        eprintln!("give it the port to listen on, as in: hyper 8888");
        process::exit(2)
    })
}
