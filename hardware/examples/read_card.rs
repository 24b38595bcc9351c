//! Follows one card reader and prints what happens at it.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use hardware::card::{ReaderBinding, ReaderChange, ReaderMatch, Readers};
use tokio::sync::mpsc;

/// Events that wait to be printed.
const EVENTS_MAX: usize = 16;

/// Follows one card reader and prints what happens at it, until interrupted
#[derive(Parser)]
struct Arguments {
    /// The reader's PC/SC name, with or without the trailing " 00 00"
    #[arg(long, required_unless_present = "serial", conflicts_with = "serial")]
    name: Option<String>,
    /// The reader's serial number
    #[arg(long)]
    serial: Option<String>,
    /// Ends after the first card
    #[arg(long)]
    once: bool,
    /// Prints the UIDs of cards, which are personal data; otherwise only their length
    #[arg(long)]
    show_uid: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match follow(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "read_card: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn follow(arguments: Arguments) -> anyhow::Result<()> {
    let matches = match (arguments.name, arguments.serial) {
        (Some(name), _) => ReaderMatch::Name(name),
        (None, Some(serial)) => ReaderMatch::Serial(serial),
        (None, None) => anyhow::bail!("say which reader: --name or --serial"),
    };
    let (sender, mut events) = mpsc::channel(EVENTS_MAX);
    let _readers = Readers::start(vec![ReaderBinding { name: "reader".into(), matches }], sender, Arc::new(()))?;
    let mut out = std::io::stdout();
    loop {
        let event = tokio::select! {
            event = events.recv() => event.context("the reader's thread ended")?,
            interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
        };
        let is_card = matches!(event.change, ReaderChange::Card(_));
        match event.change {
            ReaderChange::Card(uid) if arguments.show_uid => {
                let uid: String = uid.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
                writeln!(out, "card {uid}, read in {:?}", event.at.elapsed())?;
            }
            ReaderChange::Card(uid) => {
                writeln!(out, "card with a UID of {} bytes, read in {:?}", uid.as_bytes().len(), event.at.elapsed())?;
            }
            ReaderChange::Unreadable(why) | ReaderChange::Senseless(_, why) => writeln!(out, "unreadable: {why}")?,
            // Nothing but the UID was asked.
            ReaderChange::Kind(..)
            | ReaderChange::Proved(..)
            | ReaderChange::NotAuthentic(..)
            | ReaderChange::Template(_)
            | ReaderChange::Worked(_) => {}
            ReaderChange::Removed => writeln!(out, "removed")?,
            ReaderChange::Silent => writeln!(out, "silent: card or reader stopped answering")?,
            ReaderChange::Lost(why) => writeln!(out, "lost: {why}")?,
            ReaderChange::Back => writeln!(out, "back")?,
        }
        if is_card && arguments.once {
            return Ok(());
        }
    }
}
