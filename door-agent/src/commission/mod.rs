//! `pforte-agent commission`: walks an installer through trying a door, and keeps the outcome as the door's acceptance record.
//!
//! [`script`] says what is tried and what each thing that happens means; here it is carried out at the door's own lines, readers,
//! sensors and keypads. It drives the door instead of the agent, never beside it: the lock of the data folder is the caller's. It decides
//! about nobody and reads no card beyond that there is one. The strike is at rest whenever this ends, unless it is killed outright.

mod record;
mod script;
mod sensors;
#[cfg(test)]
mod tests;
mod told;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use access_core::policy::Side;
use hardware::card::{ReaderBinding, ReaderChange, ReaderEvent, Readers, ReadersError};
use hardware::door_io::{self, DoorInput, DoorIoError, DoorOutputs, Signal};
use hardware::finger::{Capture, SensorError, SensorIdentity, SerialSensor};
use hardware::keypad::{Entry, Keypad, KeypadError, Pressed, Typed};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

pub(crate) use record::digest_of;
pub use record::{Acceptance, AcceptanceError, FOLDER, Tried, load, load_trial, save};
use script::SKIPPED;
use script::{Judgement, Levels, Seen};
pub use script::{Line, Outcome, Step};
pub use sensors::keep_sensors;
use sensors::{Standing, files_of, standing};
pub(crate) use told::{Told, untold};

use crate::config::{DoorConfig, reader_name};

/// Lines tell their levels when they are opened; after so long without news they have.
const LEVELS_WAIT: Duration = Duration::from_millis(500);
/// Pause between two looks at a sensor's glass.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
/// Longest wait for a sensor to open.
const SENSOR_WAIT: Duration = Duration::from_secs(5);
/// Events of readers that may wait.
const EVENTS_MAX: usize = 64;

/// What the installer is told and what they answer.
pub struct Dialogue {
    /// Lines that they type.
    pub answers: mpsc::Receiver<String>,
    /// What they read.
    pub out: Box<dyn Write + Send>,
}

/// The walk could not go on.
#[derive(Debug, thiserror::Error)]
pub enum CommissionError {
    /// The door's lines.
    #[error("the door's lines can't be used: {0}")]
    Lines(#[from] DoorIoError),
    /// The readers.
    #[error("the readers can't be watched: {0}")]
    Readers(#[from] ReadersError),
    /// The terminal.
    #[error("the terminal: {0}")]
    Terminal(#[from] std::io::Error),
    /// The installer stopped it, or their terminal ended.
    #[error("stopped; nothing was recorded")]
    Stopped,
}

/// Tries a door, step by step. `wait` is how long each step waits for what it asks for; in the data folder stands which sensors the
/// agent knows.
pub async fn walk(
    door: &DoorConfig,
    wait: Duration,
    data_folder: &Path,
    dialogue: &mut Dialogue,
) -> Result<Vec<Tried>, CommissionError> {
    // Before anything is energised: from here on, whoever ends this does it with the strike at rest.
    let mut ends = Ends::watch()?;
    let (outputs, inputs) = door_io::open(&door.io).await?;
    let (events, reader_events) = mpsc::channel(EVENTS_MAX);
    let bindings = [Side::In, Side::Out].into_iter().filter_map(|side| {
        Some(ReaderBinding { name: reader_name(door, side), matches: door.side(side).reader.clone()? })
    });
    // Dropped last: the readers' threads end with it.
    let _readers = Readers::start(bindings.collect(), events, Arc::new(()))?;
    let levels = Levels::default();
    let mut site = Site { door, outputs, inputs, reader_events, levels, wait, data_folder, device: None, dialogue };
    site.learn_levels().await;
    let walked = tokio::select! {
        walked = site.try_all() => walked,
        () = ends.told() => Err(CommissionError::Stopped),
    };
    let rested = site.outputs.strike(false).and_then(|()| site.outputs.show(&Signal::default()));
    let tried = walked?;
    rested?;
    Ok(tried)
}

/// What ends the program: Ctrl-C, its terminal that goes away, whoever stops it.
struct Ends {
    interrupt: Signals,
    hangup: Signals,
    terminate: Signals,
}

impl Ends {
    fn watch() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// A door as it is being tried.
struct Site<'a> {
    door: &'a DoorConfig,
    outputs: Box<dyn DoorOutputs>,
    inputs: mpsc::Receiver<DoorInput>,
    reader_events: mpsc::Receiver<ReaderEvent>,
    levels: Levels,
    wait: Duration,
    data_folder: &'a Path,
    /// What the device of the step said it is.
    device: Option<SensorIdentity>,
    dialogue: &'a mut Dialogue,
}

/// What the installer wants after a step that failed.
enum Wish {
    Again,
    GoOn,
}

impl Site<'_> {
    /// The inputs that the door has are those that tell a level.
    async fn learn_levels(&mut self) {
        while let Ok(Some(input)) = timeout(LEVELS_WAIT, self.inputs.recv()).await {
            self.levels.take(&input);
        }
    }

    async fn try_all(&mut self) -> Result<Vec<Tried>, CommissionError> {
        let steps = script::steps(self.door, &self.levels);
        let mut tried = Vec::new();
        self.say(&format!("Door {:?}: {} steps.", self.door.name, steps.len()))?;
        for (number, step) in steps.iter().enumerate() {
            let outcome = loop {
                self.prepare(*step)?;
                self.say(&format!("\n{}/{} {}", number + 1, steps.len(), step.prompt(&self.door.name)))?;
                let outcome = self.try_one(*step).await?;
                match &outcome {
                    Outcome::Passed => {
                        self.say("  good")?;
                        break outcome;
                    }
                    Outcome::Failed(_) | Outcome::Skipped => {
                        let why = match &outcome {
                            Outcome::Failed(why) => why,
                            _ => SKIPPED,
                        };
                        // Nobody stands in front of a released door and reads.
                        self.outputs.strike(false)?;
                        self.say(&format!("  WRONG: {why}"))?;
                    }
                }
                match self.wish().await? {
                    Wish::Again => {}
                    Wish::GoOn => break outcome,
                }
            };
            tried.push(Tried { step: *step, outcome, device: self.device.take() });
        }
        Ok(tried)
    }

    /// Before the question is put: what was pressed, held or typed until then is no answer to it, and whatever comes after it is.
    fn prepare(&mut self, step: Step) -> Result<(), CommissionError> {
        self.outputs.strike(step.is_strike_energised())?;
        self.outputs.show(&step.signal())?;
        while let Ok(input) = self.inputs.try_recv() {
            self.levels.take(&input);
        }
        while self.reader_events.try_recv().is_ok() {}
        while let Ok(answer) = self.dialogue.answers.try_recv() {
            if is_quit(&answer) {
                return Err(CommissionError::Stopped);
            }
        }
        Ok(())
    }

    async fn try_one(&mut self, step: Step) -> Result<Outcome, CommissionError> {
        let deadline = Instant::now() + self.wait;
        let outcome = match step {
            Step::Finger(side) => self.await_finger(step, side, deadline).await?,
            Step::Keypad(side) => self.await_digits(step, side, deadline).await?,
            _ => self.await_event(step, deadline).await?,
        };
        if matches!(outcome, Outcome::Passed) && !step.leaves_strike_energised(&self.levels) {
            self.outputs.strike(false)?;
        }
        Ok(outcome)
    }

    async fn await_event(&mut self, step: Step, deadline: Instant) -> Result<Outcome, CommissionError> {
        let mut noted = None;
        let mut judgement = script::begin(step, &self.levels);
        loop {
            match judgement {
                Judgement::Wait => {}
                Judgement::Note(note) => noted = Some(note),
                Judgement::Done(outcome) => return Ok(outcome),
            }
            let seen = tokio::select! {
                input = self.inputs.recv() => match input {
                    Some(input) => {
                        self.levels.take(&input);
                        Seen::Input(input)
                    }
                    None => Seen::Input(DoorInput::Lost("the inputs ended".to_owned())),
                },
                Some(event) = self.reader_events.recv() => match self.reader_seen(event) {
                    Some(seen) => seen,
                    None => {
                        judgement = Judgement::Wait;
                        continue;
                    }
                },
                answer = self.dialogue.answers.recv() => Seen::Answer(answer.ok_or(CommissionError::Stopped)?),
                () = sleep_until(deadline) => {
                    let why = noted.unwrap_or_else(|| step.nothing_came().to_owned());
                    return Ok(Outcome::Failed(why));
                }
            };
            if matches!(&seen, Seen::Answer(answer) if is_quit(answer)) {
                return Err(CommissionError::Stopped);
            }
            judgement = script::judge(step, &seen);
        }
    }

    fn reader_seen(&self, event: ReaderEvent) -> Option<Seen> {
        let side = [Side::In, Side::Out].into_iter().find(|side| reader_name(self.door, *side) == event.reader)?;
        match event.change {
            ReaderChange::Card(_) | ReaderChange::Kind(..) | ReaderChange::Proved(..) => Some(Seen::Card(side)),
            ReaderChange::Unreadable(why) | ReaderChange::Senseless(_, why) | ReaderChange::NotAuthentic(_, why) => {
                Some(Seen::Unreadable(side, why))
            }
            ReaderChange::Lost(why) => Some(Seen::ReaderGone(side, why)),
            ReaderChange::Silent => Some(Seen::ReaderGone(side, "it fell silent".to_owned())),
            ReaderChange::Removed | ReaderChange::Back | ReaderChange::Template(_) | ReaderChange::Worked(_) => None,
        }
    }

    async fn await_finger(&mut self, step: Step, side: Side, deadline: Instant) -> Result<Outcome, CommissionError> {
        // What another one said that was tried here before is not this one's.
        self.device = None;
        let Some(config) = &self.door.side(side).sensor else {
            return Ok(Outcome::Failed("there is no sensor".to_owned()));
        };
        let opened = timeout(SENSOR_WAIT, SerialSensor::open_serial(&config.path, config.baud, config.password)).await;
        let mut sensor = match opened {
            Ok(Ok(sensor)) => sensor,
            Ok(Err(error)) => return Ok(Outcome::Failed(error.to_string())),
            Err(_) => return Ok(Outcome::Failed(SensorError::Timeout { to: "anything" }.to_string())),
        };
        if let Err(why) = self.recognise(&mut sensor, side).await {
            return Ok(Outcome::Failed(why));
        }
        let looked = tokio::select! {
            looked = look_for_finger(&mut sensor, deadline, step) => looked,
            answer = self.dialogue.answers.recv() => match answer {
                Some(answer) if !is_quit(&answer) => Ok(Outcome::Skipped),
                _ => return Err(CommissionError::Stopped),
            },
        };
        Ok(looked.unwrap_or_else(|error| Outcome::Failed(error.to_string())))
    }

    /// Whether the sensor is one that the agent would use; why not.
    async fn recognise(&mut self, sensor: &mut SerialSensor, side: Side) -> Result<(), String> {
        let files = files_of(self.data_folder, self.door.id, side);
        let known = files.known();
        let mut identity = sensor.identity().await.map_err(|error| error.to_string())?;
        if matches!(&known, Ok(Some(known)) if known.identity != identity) {
            // An answer that was lost is no other sensor.
            identity = sensor.identity().await.map_err(|error| error.to_string())?;
        }
        let standing = standing(&known, &identity);
        // As the agent does it, so that it can be accepted; and nobody accepts one that is gone.
        let noted =
            if matches!(standing, Standing::Another(_)) { files.keep_found(&identity) } else { files.forget_found() };
        noted.map_err(|error| format!("who answers can't be written down: {error}"))?;
        self.device = Some(identity);
        standing.objection(&reader_name(self.door, side)).map_or(Ok(()), Err)
    }

    async fn await_digits(&mut self, step: Step, side: Side, deadline: Instant) -> Result<Outcome, CommissionError> {
        let Some(config) = &self.door.side(side).keypad else {
            return Ok(Outcome::Failed("there is no keypad".to_owned()));
        };
        let mut keypad = match Keypad::open(config) {
            Ok(keypad) => keypad,
            Err(error) => return Ok(Outcome::Failed(error.to_string())),
        };
        tokio::select! {
            typed = take_digits(&mut keypad) => Ok(match typed {
                Ok(()) => Outcome::Passed,
                Err(error) => Outcome::Failed(error.to_string()),
            }),
            answer = self.dialogue.answers.recv() => match answer {
                Some(answer) if !is_quit(&answer) => Ok(Outcome::Skipped),
                _ => Err(CommissionError::Stopped),
            },
            () = sleep_until(deadline) => Ok(Outcome::Failed(step.nothing_came().to_owned())),
        }
    }

    async fn wish(&mut self) -> Result<Wish, CommissionError> {
        self.say("  Enter: once more.  s: leave it as it is.  q: stop, and record nothing.")?;
        let answer = self.dialogue.answers.recv().await.ok_or(CommissionError::Stopped)?;
        match answer.trim() {
            "s" | "S" => Ok(Wish::GoOn),
            answer if is_quit(answer) => Err(CommissionError::Stopped),
            _ => Ok(Wish::Again),
        }
    }

    fn say(&mut self, line: &str) -> std::io::Result<()> {
        writeln!(self.dialogue.out, "{line}")?;
        self.dialogue.out.flush()
    }
}

fn is_quit(answer: &str) -> bool {
    matches!(answer.trim(), "q" | "Q")
}

/// One image is enough; it is extracted into nothing and never leaves the sensor, whose buffers are wiped all the same.
async fn look_for_finger(sensor: &mut SerialSensor, deadline: Instant, step: Step) -> Result<Outcome, SensorError> {
    let mut is_unclear = false;
    let outcome = loop {
        match sensor.look().await? {
            Capture::Taken => break Outcome::Passed,
            Capture::Unclear => is_unclear = true,
            Capture::NoFinger => {}
        }
        if Instant::now() >= deadline {
            let why = if is_unclear {
                "a finger was there, and no image could be taken: clean the glass"
            } else {
                step.nothing_came()
            };
            break Outcome::Failed(why.to_owned());
        }
        sleep(LOOK_PAUSE).await;
    };
    sensor.wipe().await?;
    Ok(outcome)
}

/// Digits and Enter, whichever; they are wiped here.
async fn take_digits(keypad: &mut Keypad) -> Result<(), KeypadError> {
    let mut entry = Entry::default();
    loop {
        match keypad.pressed().await? {
            Pressed::Lost => entry.clear(),
            Pressed::Key(key) => {
                if let Some(Typed::Digits(_)) = entry.press(key) {
                    return Ok(());
                }
            }
        }
    }
}
