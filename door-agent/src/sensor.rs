//! One fingerprint sensor: opened, watched, opened again when it was away, and asked by the [`run`](crate::run) loop.
//!
//! A sensor that hangs holds up nobody but the person in front of it. One that is another than it was, or that was caught lying,
//! is not used until it is accepted ([`SensorFiles`]).

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use access_core::event::DeviceState;
use access_core::ids::{AttemptId, EnrolmentId};
use hardware::FaultKind;
use hardware::finger::{
    Decoy, EnrolError, EnrolProgress, Enrolled, Led, Refusal, SensorError, SerialSensor, Template, Verified,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::config::SensorConfig;
use crate::door::FingerOutcome;
use crate::policy_store::Finger;

mod decoys;
mod others;
mod trust;

use decoys::{Lineup, Meaning};
pub use trust::{Accepted, Known, SensorFiles};

/// Pause between two tries to open.
const REOPEN_PAUSE: Duration = Duration::from_millis(500);
/// Longest wait for a sensor to open.
const OPEN_WAIT: Duration = Duration::from_secs(4);
/// After so many drawings of which a sensor makes no template, it is asked for none before the next start.
const POOR_DRAWINGS_MAX: u8 = 5;
/// Size of the image of a sensor that does not tell it, in pixels: ZFM-20 and R305.
const IMAGE_SIZE: (usize, usize) = (256, 288);

/// Least security level that a sensor may be set to (of 1 to 5; modules come with 3): below, it takes too many fingers for
/// the holder's.
pub(crate) const SECURITY_LEVEL_MIN: u16 = 3;

/// What a sensor's task does by itself, and by what chance.
#[derive(Clone)]
pub struct Habits {
    /// An idle sensor is asked so often whether it is there.
    pub look_every: Duration,
    /// It is asked so often who it is, and whether its own memory is empty; at each start as well.
    pub check_every: Duration,
    /// So many decoys are made by it and kept.
    pub decoys: usize,
    /// A number below the one that is given, which nobody can foresee.
    pub dice: Arc<dyn Fn(u32) -> u32 + Send + Sync>,
}

impl Habits {
    /// Those of every agent.
    pub fn standard() -> Self {
        Self {
            look_every: Duration::from_secs(2),
            check_every: Duration::from_secs(3_600),
            decoys: 2,
            dice: Arc::new(|most| rand::random_range(0..most.max(1))),
        }
    }
}

/// A sensor's task.
pub struct SensorTask {
    /// Comes back with every event.
    pub number: usize,
    /// Its line.
    pub config: SensorConfig,
    /// What is known of it.
    pub files: SensorFiles,
    /// What it does by itself.
    pub habits: Habits,
}

/// What is wrong with a sensor beyond not working.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suspicion {
    /// It is another one than was accepted, or what is known of it can't be read. It is not used.
    Changed,
    /// It said that a finger is like a decoy. It is not used.
    Lies,
    /// Templates lie in its own memory, which Pforte keeps empty: somebody else has used it. It is used all the same, since
    /// nothing is ever compared with them.
    NotEmpty,
}

/// What a sensor is to do.
#[derive(Debug)]
pub enum SensorRequest {
    /// Compare the finger that is shown with every one of these.
    Verify {
        /// For which attempt.
        attempt: AttemptId,
        /// Of one person.
        fingers: Vec<Finger>,
        /// Given up from here on.
        deadline: Instant,
    },
    /// Lead through an enrolment.
    Enrol {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// How many captures.
        captures: u8,
        /// Given up from here on.
        deadline: Instant,
    },
    /// Find out whether one of the others is of the same finger.
    Compare {
        /// In which dialogue.
        enrolment: EnrolmentId,
        /// What was enrolled.
        finger: Template,
        /// What it is compared with, one after the other.
        others: Vec<Template>,
    },
    /// Give up what is under way.
    Stop,
}

/// What a sensor says.
#[derive(Debug)]
pub enum SensorEvent {
    /// How it is.
    State(DeviceState),
    /// Something is wrong with it, or no longer; said again and again.
    Suspicion {
        /// What.
        suspicion: Suspicion,
        /// How it is now.
        is_so: bool,
    },
    /// A comparison ended.
    Verified {
        /// Of which attempt.
        attempt: AttemptId,
        /// How.
        outcome: FingerOutcome,
    },
    /// An enrolment goes on.
    Progress {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// How.
        progress: EnrolProgress,
    },
    /// An enrolment ended.
    Enrolled {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// How.
        result: Result<Enrolled, EnrolError>,
    },
    /// So many of the others are of another finger than the one to be enrolled.
    Comparing {
        /// In which dialogue.
        enrolment: EnrolmentId,
        /// How many.
        compared: usize,
    },
    /// The others are compared.
    Compared {
        /// In which dialogue.
        enrolment: EnrolmentId,
        /// The place of the one that is of the same finger; none if there is none. Or the sensor failed, and nobody knows.
        result: Result<Option<usize>, FaultKind>,
    },
}

/// Serves a sensor until nobody asks any more.
pub async fn run(
    task: SensorTask,
    mut requests: mpsc::Receiver<SensorRequest>,
    events: mpsc::Sender<(usize, SensorEvent)>,
) {
    let SensorTask { number, config, files, habits } = task;
    let mut task =
        Task { number, files, habits, events, trusted: None, unkept: None, poor_drawings: 0, is_stopping: false };
    // One that was caught and is gone since is told of all the same.
    let files = task.files.clone();
    if let Ok(Some(Known { was_caught: true, .. })) = blocking(move || files.known()).await {
        task.suspect(Suspicion::Lies, true).await;
    }
    while !task.is_stopping {
        let opened = timeout(OPEN_WAIT, SerialSensor::open_serial(&config.path, config.baud, config.password)).await;
        let error = match opened {
            Ok(Ok(sensor)) => task.serve(sensor, &mut requests).await,
            Ok(Err(error)) => Some(error),
            Err(_) => Some(SensorError::Timeout { to: "anything" }),
        };
        if let Some(error) = error {
            tracing::warn!(sensor = %config.path.display(), %error, "sensor");
            task.tell(SensorEvent::State(state_of(&error))).await;
            task.refuse_for(REOPEN_PAUSE, &mut requests).await;
        }
    }
}

fn state_of(error: &SensorError) -> DeviceState {
    match error.kind() {
        FaultKind::Timeout => DeviceState::Silent,
        FaultKind::Disconnected => DeviceState::Lost,
        FaultKind::Protocol => DeviceState::Faulty,
    }
}

struct Task {
    number: usize,
    files: SensorFiles,
    habits: Habits,
    events: mpsc::Sender<(usize, SensorEvent)>,
    /// What is known of the sensor that answers; none if it is not to be used.
    trusted: Option<Known>,
    /// It was caught, and that is still to be written down.
    unkept: Option<Known>,
    poor_drawings: u8,
    is_stopping: bool,
}

impl Task {
    async fn tell(&self, event: SensorEvent) {
        let _ = self.events.send((self.number, event)).await;
    }

    async fn suspect(&self, suspicion: Suspicion, is_so: bool) {
        self.tell(SensorEvent::Suspicion { suspicion, is_so }).await;
    }

    /// Answers whatever is asked with a fault, for a while.
    async fn refuse_for(&mut self, pause: Duration, requests: &mut mpsc::Receiver<SensorRequest>) {
        let wait = sleep(pause);
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => return,
                request = requests.recv() => match request {
                    Some(request) => self.refuse(request).await,
                    None => {
                        self.is_stopping = true;
                        return;
                    }
                },
            }
        }
    }

    async fn refuse(&self, request: SensorRequest) {
        match request {
            SensorRequest::Verify { attempt, .. } => {
                self.tell(SensorEvent::Verified { attempt, outcome: FingerOutcome::Fault }).await;
            }
            SensorRequest::Enrol { enrolment, .. } => {
                let result = Err(SensorError::Timeout { to: "anything" }.into());
                self.tell(SensorEvent::Enrolled { enrolment, result }).await;
            }
            SensorRequest::Compare { enrolment, .. } => {
                self.tell(SensorEvent::Compared { enrolment, result: Err(FaultKind::Timeout) }).await;
            }
            SensorRequest::Stop => {}
        }
    }

    /// Serves an open sensor until it fails, or nobody asks any more.
    async fn serve(
        &mut self,
        mut sensor: SerialSensor,
        requests: &mut mpsc::Receiver<SensorRequest>,
    ) -> Option<SensorError> {
        // What an agent that was ended in the middle left there.
        if let Err(error) = sensor.wipe().await {
            return Some(error);
        }
        if let Err(error) = self.check(&mut sensor).await {
            return Some(error);
        }
        let mut checked_at = Instant::now();
        let mut waiting = None;
        let mut is_lit = true;
        loop {
            if checked_at.elapsed() >= self.habits.check_every {
                if let Err(error) = self.check(&mut sensor).await {
                    return Some(error);
                }
                checked_at = Instant::now();
            }
            let request = match waiting.take() {
                Some(request) => request,
                None => match timeout(self.habits.look_every, requests.recv()).await {
                    Ok(Some(request)) => request,
                    Ok(None) => {
                        self.is_stopping = true;
                        return None;
                    }
                    Err(_) => {
                        let looked = match std::mem::take(&mut is_lit) {
                            true => show(&mut sensor, Led::Off).await,
                            false => self.while_idle(&mut sensor, requests).await,
                        };
                        match looked {
                            Ok(()) => continue,
                            Err(error) => return Some(error),
                        }
                    }
                },
            };
            if self.trusted.is_none() {
                self.refuse(request).await;
                continue;
            }
            is_lit = true;
            match self.carry_out(&mut sensor, request, requests).await {
                Ok(next) => waiting = next,
                Err(error) => return Some(error),
            }
        }
    }

    /// Whether it is the one that is to be used, and whether its own memory is empty.
    async fn check(&mut self, sensor: &mut SerialSensor) -> Result<(), SensorError> {
        self.recognise(sensor).await?;
        let stored = sensor.count_stored().await?;
        if stored != 0 {
            tracing::warn!(stored, "templates lie in the sensor's own memory");
        }
        self.suspect(Suspicion::NotEmpty, stored != 0).await;
        self.tell_state().await;
        Ok(())
    }

    async fn tell_state(&self) {
        let state = if self.trusted.is_some() { DeviceState::Working } else { DeviceState::Faulty };
        self.tell(SensorEvent::State(state)).await;
    }

    /// Finds out whether the sensor that answers is the one that is known and was not caught. The first one of all is written
    /// down, and only then is it used.
    async fn recognise(&mut self, sensor: &mut SerialSensor) -> Result<(), SensorError> {
        self.trusted = None;
        if let Some(caught) = self.unkept.take() {
            self.keep(caught).await;
            if self.unkept.is_some() {
                return Ok(());
            }
        }
        let mut identity = sensor.identity().await?;
        let files = self.files.clone();
        let known = match blocking(move || files.known()).await {
            Ok(known) => known,
            Err(error) => {
                tracing::error!(%error, "what is known of the sensor can't be read: it is not used");
                let files = self.files.clone();
                // So that whoever looked at it can accept it.
                if let Err(error) = blocking(move || files.keep_found(&identity)).await {
                    tracing::error!(%error, "who answers could not be written down");
                }
                self.suspect(Suspicion::Changed, true).await;
                return Ok(());
            }
        };
        if known.as_ref().is_some_and(|known| known.identity != identity) {
            // An answer that was lost is no other sensor.
            identity = sensor.identity().await?;
        }
        let (is_changed, was_caught) =
            known.as_ref().map_or((false, false), |known| (known.identity != identity, known.was_caught));
        let level = identity.parameters.security_level;
        if !is_changed && level < SECURITY_LEVEL_MIN {
            let answer = format!("security level {level}; {SECURITY_LEVEL_MIN} is the least");
            return Err(SensorError::Unexpected { to: "its parameters", answer });
        }
        self.suspect(Suspicion::Changed, is_changed).await;
        self.suspect(Suspicion::Lies, was_caught).await;
        let files = self.files.clone();
        if is_changed {
            tracing::error!(%identity, "another sensor than the accepted one answers: it is not used");
            let noted = blocking(move || match files.found()? {
                Some(found) if found == identity => Ok(()),
                _ => files.keep_found(&identity),
            });
            if let Err(error) = noted.await {
                tracing::error!(%error, "who answers could not be written down");
            }
        } else if let Some(known) = known {
            if let Err(error) = blocking(move || files.forget_found()).await {
                tracing::error!(%error, "who answered before could not be forgotten");
            }
            self.trusted = Some(known).filter(|known| !known.was_caught);
        } else {
            tracing::info!(%identity, "the first sensor here is taken for the right one");
            self.keep(Known::new(identity)).await;
        }
        Ok(())
    }

    /// Uses what is known as soon as it is written down.
    async fn keep(&mut self, known: Known) {
        let (files, kept) = (self.files.clone(), known.clone());
        match blocking(move || files.keep(&kept)).await {
            Ok(()) => self.trusted = Some(known).filter(|known| !known.was_caught),
            Err(error) => {
                tracing::error!(%error, "what is known of the sensor could not be written down");
                self.unkept = Some(known).filter(|known| known.was_caught);
            }
        }
    }

    /// Nobody asks: whether it is still there, whether it was accepted meanwhile, and a decoy if it has too few.
    async fn while_idle(
        &mut self,
        sensor: &mut SerialSensor,
        requests: &mpsc::Receiver<SensorRequest>,
    ) -> Result<(), SensorError> {
        let Some(known) = self.trusted.clone() else {
            self.recognise(sensor).await?;
            if self.trusted.is_some() {
                tracing::info!("the sensor is used again");
                self.tell_state().await;
            }
            return Ok(());
        };
        let is_complete = known.decoys().len() >= self.habits.decoys;
        if is_complete || known.takes_no_images || self.poor_drawings >= POOR_DRAWINGS_MAX {
            // Another one that was put in its place meanwhile is not used before the next look.
            if sensor.parameters().await? != known.identity.parameters {
                self.check(sensor).await?;
            }
            return Ok(());
        }
        self.draw(sensor, known, requests).await
    }

    async fn draw(
        &mut self,
        sensor: &mut SerialSensor,
        mut known: Known,
        requests: &mpsc::Receiver<SensorRequest>,
    ) -> Result<(), SensorError> {
        let told = known.identity.product.as_ref().map(|product| (product.width.into(), product.height.into()));
        let size = told.filter(|(width, height)| width * height > 0).unwrap_or(IMAGE_SIZE);
        match sensor.make_decoy(size, || !requests.is_empty() || requests.is_closed()).await? {
            Decoy::Made(decoy) => {
                known.add_decoy(&decoy);
                self.keep(known).await;
            }
            Decoy::NotSupported => {
                tracing::warn!(
                    "the sensor takes no drawings, so it has no decoys: if it always says match, nobody notices"
                );
                known.takes_no_images = true;
                self.keep(known).await;
            }
            Decoy::Poor => {
                self.poor_drawings += 1;
                if self.poor_drawings == POOR_DRAWINGS_MAX {
                    tracing::warn!("the sensor makes no templates of drawings, so it has too few decoys");
                }
            }
            Decoy::Interrupted => {}
        }
        Ok(())
    }

    /// Compares; the person learns what came of it before the sensor's buffers are wiped.
    async fn compare(
        &self,
        sensor: &mut SerialSensor,
        fingers: Vec<Finger>,
        deadline: Instant,
    ) -> Result<Meaning, SensorError> {
        if fingers.is_empty() {
            return Ok(Meaning::Outcome(FingerOutcome::NoTemplate));
        }
        show(sensor, Led::Wanting).await?;
        let decoys = self.trusted.as_ref().map(Known::decoys).unwrap_or_default();
        let lineup = Lineup::new(fingers, &decoys, |most| (self.habits.dice)(most));
        Ok(match sensor.verify(&lineup.templates, deadline).await? {
            Verified::Compared(scores) => lineup.meaning(&scores),
            Verified::NoFinger => Meaning::Outcome(FingerOutcome::NoFinger),
        })
    }

    /// The sensor let a finger pass for a decoy's: it is not used any more, also after a restart.
    async fn caught(&mut self) {
        tracing::error!("the sensor says that a finger is like one that nobody has: it is not used");
        let Some(mut known) = self.trusted.take() else { return };
        known.was_caught = true;
        self.suspect(Suspicion::Lies, true).await;
        self.tell_state().await;
        self.keep(known).await;
    }

    /// Carries a request out, unless another comes before it is done: that one is answered.
    async fn carry_out(
        &mut self,
        sensor: &mut SerialSensor,
        request: SensorRequest,
        requests: &mut mpsc::Receiver<SensorRequest>,
    ) -> Result<Option<SensorRequest>, SensorError> {
        let interrupted = match request {
            SensorRequest::Verify { attempt, fingers, deadline } => {
                let compared = tokio::select! {
                    compared = self.compare(sensor, fingers, deadline) => Ok(compared),
                    next = requests.recv() => Err(next),
                };
                match compared {
                    Ok(compared) => {
                        let outcome = match compared {
                            Ok(Meaning::Outcome(outcome)) => outcome,
                            Ok(Meaning::Caught) | Err(_) => FingerOutcome::Fault,
                        };
                        self.tell(SensorEvent::Verified { attempt, outcome }).await;
                        if compared? == Meaning::Caught {
                            self.caught().await;
                        }
                        show(sensor, if outcome.is_match() { Led::Good } else { Led::Bad }).await?;
                        sensor.wipe().await?;
                        return Ok(None);
                    }
                    Err(next) => next,
                }
            }
            SensorRequest::Enrol { enrolment, captures, deadline } => {
                let (steps, mut stepped) = mpsc::unbounded_channel();
                let enrolling = enrol(sensor, captures, deadline, steps);
                tokio::pin!(enrolling);
                loop {
                    tokio::select! {
                        biased;
                        Some(progress) = stepped.recv() => {
                            self.tell(SensorEvent::Progress { enrolment, progress }).await;
                        }
                        result = &mut enrolling => {
                            let failed = match &result {
                                Err(EnrolError::Sensor(error)) => Some(error.kind()),
                                _ => None,
                            };
                            self.tell(SensorEvent::Enrolled { enrolment, result }).await;
                            return match failed {
                                Some(_) => Err(SensorError::Timeout { to: "to go on" }),
                                None => Ok(None),
                            };
                        }
                        next = requests.recv() => break next,
                    }
                }
            }
            SensorRequest::Compare { enrolment, finger, others } => {
                match self.compare_with_others(sensor, enrolment, (finger, others), requests).await? {
                    ControlFlow::Continue(()) => return Ok(None),
                    ControlFlow::Break(next) => next,
                }
            }
            SensorRequest::Stop => return Ok(None),
        };
        // What was cut short may have left a template in the sensor's buffers.
        sensor.wipe().await?;
        show(sensor, Led::Off).await?;
        Ok(interrupted)
    }
}

/// A few bytes on the disk, which may hang: on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

async fn enrol(
    sensor: &mut SerialSensor,
    captures: u8,
    deadline: Instant,
    steps: mpsc::UnboundedSender<EnrolProgress>,
) -> Result<Enrolled, EnrolError> {
    show(sensor, Led::Wanting).await?;
    sensor
        .enrol(captures, deadline, |progress| {
            let _ = steps.send(progress);
        })
        .await
}

/// Lights the ring. Older modules of the family have none and refuse.
async fn show(sensor: &mut SerialSensor, led: Led) -> Result<(), SensorError> {
    match sensor.show(led).await {
        Err(SensorError::Refused { refusal: Refusal::Other(_), .. }) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
