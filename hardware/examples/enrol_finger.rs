//! Enrols a finger at a sensor and compares it once. Nothing is kept: not here, and not in the sensor.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::ensure;
use clap::Parser;
use hardware::finger::{BAUD_DEFAULT, CaptureFault, EnrolProgress, Led, SerialSensor, Verified};
use tokio::time::Instant;

/// Enrols a finger at a sensor and compares it once; nothing is kept
#[derive(Parser)]
struct Arguments {
    /// The sensor's line, such as /dev/serial0
    #[arg(long)]
    line: PathBuf,
    /// Speed of the line in baud
    #[arg(long, default_value_t = BAUD_DEFAULT)]
    baud: u32,
    /// The sensor's password
    #[arg(long, default_value_t = 0)]
    password: u32,
    /// How many captures
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=6))]
    captures: u8,
    /// How long enrolment may take, in seconds; comparing as well
    #[arg(long, default_value_t = 60)]
    wait_s: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match enrol(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "enrol_finger: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn enrol(arguments: Arguments) -> anyhow::Result<()> {
    let wait = Duration::from_secs(arguments.wait_s);
    let mut sensor = SerialSensor::open_serial(&arguments.line, arguments.baud, arguments.password).await?;
    let parameters = sensor.parameters().await?;
    say(&format!("sensor: {} slots, packets of {} bytes", parameters.library_size, parameters.packet_bytes));
    let stored = sensor.count_stored().await?;
    ensure!(stored == 0, "the sensor's own library holds {stored} templates; it should be empty");

    let enrolled = sensor.enrol(arguments.captures, Instant::now() + wait, |step| say(&shown(step))).await?;
    let length = enrolled.template.as_bytes().len();
    say(&format!("enrolled: a template of {length} bytes, quality {} of 100", enrolled.quality));
    say("place the finger once more");
    let verified = sensor.verify(&[enrolled.template], Instant::now() + wait).await?;
    let (led, outcome) = match verified {
        Verified::Compared(scores) => match scores.first() {
            Some(Some(score)) => (Led::Good, format!("it matches, score {score}")),
            _ => (Led::Bad, "it does not match".into()),
        },
        Verified::NoFinger => (Led::Off, "nobody placed a finger".into()),
    };
    sensor.show(led).await?;
    say(&outcome);
    Ok(())
}

fn shown(step: EnrolProgress) -> String {
    match step {
        EnrolProgress::Place(capture) => format!("capture {capture}: place the finger"),
        EnrolProgress::Lift(_) => "lift it".into(),
        EnrolProgress::Again(capture, fault) => {
            let why = match fault {
                CaptureFault::Unclear => "no clear image",
                CaptureFault::TooFewFeatures => "too few features",
                CaptureFault::DifferentFinger => "another finger",
            };
            format!("capture {capture} again: {why}")
        }
        EnrolProgress::Captured(capture, quality) => format!("capture {capture} taken, quality {quality} of 100"),
        EnrolProgress::Verifying => "comparing".into(),
    }
}

/// Whoever closed the output does not want to know.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
