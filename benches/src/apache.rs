//! Apache with its prefork module: children made beforehand, one connection each, as `prefork` has them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::process::is_on_path;

/// Why [`is_there`] said no.
pub const NOT_THERE: &str = "apache2 with its prefork module is not there (on Debian: apt install apache2)";

const MODULES: &str = "/usr/lib/apache2/modules";
/// As many children as wrk has connections, and some to spare: fewer would leave connections waiting.
const CHILDREN: usize = 64;

/// Whether Apache can be started as this lab wants it.
pub fn is_there() -> Result<bool> {
    Ok(Path::new(MODULES).join("mod_mpm_prefork.so").is_file() && is_on_path("apache2", "-v")?)
}

/// Apache on `port`, with all its files in a directory that must outlive it. It serves `hello` from a file of twelve
/// bytes, since it has no plain way to answer from memory.
pub fn command(port: u16) -> Result<(Command, TempDir)> {
    let home = tempfile::tempdir().context("can't make a directory for apache2")?;
    let write = || -> std::io::Result<PathBuf> {
        let pages = home.path().join("pages");
        fs::create_dir(&pages)?;
        fs::write(pages.join("hello"), "Hello World\n")?;
        let file = home.path().join("apache.conf");
        fs::write(&file, configuration(home.path(), port))?;
        Ok(file)
    };
    let file = write().context("can't write apache2's configuration")?;
    let mut command = Command::new("apache2");
    command.arg("-f").arg(file).arg("-DFOREGROUND");
    Ok((command, home))
}

fn configuration(home: &Path, port: u16) -> String {
    format!(
        "ServerRoot \"{home}\"
Listen 127.0.0.1:{port}
ServerName localhost
PidFile apache.pid
ErrorLog error.log
LoadModule mpm_prefork_module {MODULES}/mod_mpm_prefork.so
LoadModule authz_core_module {MODULES}/mod_authz_core.so
DocumentRoot \"{home}/pages\"
FileETag None
StartServers {CHILDREN}
MinSpareServers {CHILDREN}
MaxSpareServers {spare}
ServerLimit {spare}
MaxRequestWorkers {spare}
MaxConnectionsPerChild 0
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
<Directory \"{home}/pages\">
Options None
AllowOverride None
Require all granted
</Directory>
",
        home = home.display(),
        spare = 2 * CHILDREN,
    )
}
