//! wrk, the external load: how it is called and what it says.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::process::is_on_path;

/// What to do to a server, the same for every server.
#[derive(Debug, Clone)]
pub struct Load {
    /// How many connections to keep open at once.
    pub connections: usize,
    /// For how long, in whole seconds: wrk knows no other.
    pub duration: Duration,
    /// What to ask for.
    pub path: String,
    /// Whether each request asks for its connection to be closed.
    pub close: bool,
}

impl Load {
    /// The call of wrk.
    pub fn wrk(&self, port: u16) -> Command {
        let mut command = Command::new("wrk");
        command
            .arg("-t1")
            .arg(format!("-c{}", self.connections))
            .arg(format!("-d{}", self.duration.as_secs()));
        if self.close {
            command.args(["-H", "Connection: close"]);
        }
        command.arg(self.url(port));
        command
    }

    /// What to ask for, as a URL.
    pub fn url(&self, port: u16) -> String {
        format!("http://127.0.0.1:{port}{}", self.path)
    }

    /// How long a load generator may take in all.
    pub fn limit(&self) -> Duration {
        self.duration + Duration::from_secs(30)
    }
}

/// An error where wrk is not there.
pub fn require() -> Result<()> {
    ensure!(
        is_on_path("wrk", "-v")?,
        "wrk makes the load and is not on the PATH (on Debian: apt install wrk)"
    );
    Ok(())
}

/// What came of a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts {
    /// Requests answered in all.
    pub requests: u64,
    /// Requests answered in a second.
    pub per_second: f64,
}

/// Reads wrk's report. Socket errors, answers other than 2xx and 3xx, and no answers at all are errors: a figure
/// beside them would not mean what it says.
pub fn parse(report: &str) -> Result<Counts> {
    let mut counts = Counts { requests: 0, per_second: 0.0 };
    let mut lines_found = 0;
    for line in report.lines().map(str::trim) {
        if let Some((requests, _)) = line.split_once(" requests in ") {
            counts.requests = requests.parse()?;
            lines_found += 1;
        } else if let Some(rate) = line.strip_prefix("Requests/sec:") {
            counts.per_second = rate.trim().parse()?;
            lines_found += 1;
        } else if line.starts_with("Socket errors:") || line.starts_with("Non-2xx or 3xx responses:") {
            bail!("wrk says: {line}");
        }
    }
    if lines_found != 2 {
        bail!("this is not wrk's report:\n{report}");
    }
    if counts.requests == 0 {
        bail!("no request was answered");
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "Running 3s test @ http://127.0.0.1:8080/hello
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.00ms  200.00us   9.00ms   90.00%
    Req/Sec    60.01k     1.51k   62.00k    80.00%
  180123 requests in 3.00s, 25.42MB read
Requests/sec:  60012.34
Transfer/sec:      8.47MB
";

    #[test]
    fn requests_and_their_rate_are_read() {
        assert_eq!(parse(REPORT).unwrap(), Counts { requests: 180_123, per_second: 60_012.34 });
    }

    #[test]
    fn socket_errors_make_a_report_void() {
        let errors = "  Socket errors: connect 0, read 12, write 0, timeout 3\n";
        let error = parse(&REPORT.replace("Requests/sec", &format!("{errors}Requests/sec"))).unwrap_err();
        assert_eq!(error.to_string(), "wrk says: Socket errors: connect 0, read 12, write 0, timeout 3");
    }

    #[test]
    fn answers_of_another_kind_make_a_report_void() {
        let error =
            parse(&REPORT.replace("Transfer", "  Non-2xx or 3xx responses: 7\nTransfer")).unwrap_err();
        assert_eq!(error.to_string(), "wrk says: Non-2xx or 3xx responses: 7");
    }

    #[test]
    fn a_report_without_requests_is_void() {
        assert!(parse(&REPORT.replace("180123", "0")).unwrap_err().to_string().contains("no request"));
    }

    #[test]
    fn what_is_not_a_report_is_shown() {
        let error = parse("unable to connect").unwrap_err();
        assert_eq!(error.to_string(), "this is not wrk's report:\nunable to connect");
    }

    #[test]
    fn a_close_is_asked_for_in_every_request() {
        let load =
            Load { connections: 8, duration: Duration::from_secs(2), path: "/hello".into(), close: true };
        let arguments: Vec<_> = load.wrk(80).get_args().map(|it| it.to_str().unwrap().to_owned()).collect();
        assert_eq!(arguments, ["-t1", "-c8", "-d2", "-H", "Connection: close", "http://127.0.0.1:80/hello"]);
    }
}
