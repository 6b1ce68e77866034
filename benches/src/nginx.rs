//! nginx with one worker that answers `Hello World`: a well-kept event loop to be read against.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::process::is_on_path;

/// Why [`is_there`] said no.
pub const NOT_THERE: &str = "nginx is not on the PATH (on Debian: apt install nginx-light)";

/// Whether nginx can be started.
pub fn is_there() -> Result<bool> {
    is_on_path("nginx", "-v")
}

/// nginx on `port`, with all its files in a directory that must outlive it.
pub fn command(port: u16) -> Result<(Command, TempDir)> {
    let home = tempfile::tempdir().context("can't make a directory for nginx")?;
    let file = home.path().join("nginx.conf");
    fs::write(&file, configuration(port)).context("can't write nginx's configuration")?;
    let mut command = Command::new("nginx");
    // -e: else it tries the system's log before it has read which one to use.
    command.arg("-p").arg(home.path()).arg("-c").arg(&file).args(["-e", "error.log"]);
    Ok((command, home))
}

/// Paths are relative to the directory given by `-p`; a directory of the system may not be ours to write to.
fn configuration(port: u16) -> String {
    format!(
        "daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    default_type text/plain;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 200 \"Hello World\\n\"; }}
    }}
}}
"
    )
}
