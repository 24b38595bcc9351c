//! How much memory a process holds.

use anyhow::Context as _;

use crate::daemon::Daemon;

/// Resident memory of a running process, in MiB.
pub fn rss_mib(process: &Daemon) -> anyhow::Result<f64> {
    let id = process.id().context("it does not run")?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1_024.0)
}
