//! Releases a door for a moment, to try its wiring. Prints what its inputs say meanwhile.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use hardware::door_io::{self, Buzzer, DoorInput, DoorIoConfig, Light, Signal};
use tokio::sync::mpsc;

/// Releases a door for a moment and prints what its inputs say
#[derive(Parser)]
struct Arguments {
    /// A file with the door's lines: `backend = "gpiocdev"`, `chip`, `strike`, …
    #[arg(long)]
    config: PathBuf,
    /// How long the strike is energised, in milliseconds
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=30_000))]
    pulse_ms: u64,
    /// How long to go on reading inputs afterwards, in milliseconds
    #[arg(long, default_value_t = 5_000)]
    watch_ms: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match pulse(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "pulse_strike: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn pulse(arguments: Arguments) -> anyhow::Result<()> {
    let shown = arguments.config.display().to_string();
    let text = std::fs::read_to_string(&arguments.config).with_context(|| shown.clone())?;
    let config: DoorIoConfig = toml::from_str(&text).context(shown)?;
    let (mut outputs, mut inputs) = door_io::open(&config).await?;

    say(&format!("strike energised for {} ms", arguments.pulse_ms))?;
    outputs.show(&Signal { light: Light::Green, buzzer: Buzzer::Short, line: "trial".into() })?;
    outputs.strike(true)?;
    let pulsed = print_inputs(&mut inputs, arguments.pulse_ms).await;
    // Whatever went wrong: the door does not stay released.
    outputs.strike(false)?;
    outputs.show(&Signal::default())?;
    pulsed?;
    say("strike at rest")?;
    print_inputs(&mut inputs, arguments.watch_ms).await
}

async fn print_inputs(inputs: &mut mpsc::Receiver<DoorInput>, for_ms: u64) -> anyhow::Result<()> {
    let end = tokio::time::sleep(Duration::from_millis(for_ms));
    tokio::pin!(end);
    loop {
        tokio::select! {
            input = inputs.recv() => say(&format!("{:?}", input.context("the inputs ended")?))?,
            () = &mut end => return Ok(()),
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                anyhow::bail!("interrupted");
            }
        }
    }
}

fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}
