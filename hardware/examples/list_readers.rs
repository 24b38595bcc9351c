//! Lists the card readers that PC/SC knows, as they are to be written into a configuration.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use hardware::card::{list_names, serial_of};

/// Lists the card readers that PC/SC knows, each as a configuration would name it
#[derive(Parser)]
struct Arguments {}

fn main() -> ExitCode {
    Arguments::parse();
    match list() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "list_readers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn list() -> anyhow::Result<()> {
    let names = list_names()?;
    let mut out = std::io::stdout().lock();
    if names.is_empty() {
        writeln!(out, "no reader is plugged in")?;
    }
    for name in names {
        writeln!(out, "match = {{ name = {name:?} }}")?;
        if let Some(serial) = serial_of(&name) {
            writeln!(out, "match = {{ serial = {serial:?} }}   # the same reader, wherever it is plugged in")?;
        }
    }
    Ok(())
}
