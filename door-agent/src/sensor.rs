//! One fingerprint sensor: opened, watched, opened again when it was away, and asked by the [`run`](crate::run) loop.
//!
//! A sensor that hangs holds up nobody but the person in front of it.

use std::time::Duration;

use access_core::event::DeviceState;
use access_core::ids::{AttemptId, EnrolmentId};
use hardware::FaultKind;
use hardware::finger::{
    EnrolError, EnrolProgress, Enrolled, Led, Refusal, SensorError, SerialSensor, Template, Verified,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::config::SensorConfig;
use crate::door::FingerOutcome;
use crate::policy_store::Finger;

/// Pause between two tries to open.
const REOPEN_PAUSE: Duration = Duration::from_millis(500);
/// Longest wait for a sensor to open.
const OPEN_WAIT: Duration = Duration::from_secs(4);
/// An idle sensor is asked so often whether it is there.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Least security level that a sensor may be set to (of 1 to 5; modules come with 3): below, it takes too many fingers for
/// the holder's.
pub(crate) const SECURITY_LEVEL_MIN: u16 = 3;

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
    /// Give up what is under way.
    Stop,
}

/// What a sensor says.
#[derive(Debug)]
pub enum SensorEvent {
    /// How it is.
    State(DeviceState),
    /// Templates lie in its own memory, which Pforte keeps empty: somebody else has used it.
    HoldsTemplates(u16),
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
}

/// Serves a sensor until nobody asks any more. `number` comes back with every event.
pub async fn run(
    number: usize,
    config: SensorConfig,
    mut requests: mpsc::Receiver<SensorRequest>,
    events: mpsc::Sender<(usize, SensorEvent)>,
) {
    let mut task = Task { number, events, is_stopping: false };
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
    events: mpsc::Sender<(usize, SensorEvent)>,
    is_stopping: bool,
}

impl Task {
    async fn tell(&self, event: SensorEvent) {
        let _ = self.events.send((self.number, event)).await;
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
            SensorRequest::Stop => {}
        }
    }

    /// Serves an open sensor until it fails, or nobody asks any more.
    async fn serve(
        &mut self,
        mut sensor: SerialSensor,
        requests: &mut mpsc::Receiver<SensorRequest>,
    ) -> Option<SensorError> {
        match sensor.count_stored().await {
            Ok(0) => self.tell(SensorEvent::State(DeviceState::Working)).await,
            Ok(stored) => self.tell(SensorEvent::HoldsTemplates(stored)).await,
            Err(error) => return Some(error),
        }
        match sensor.parameters().await {
            Ok(parameters) if parameters.security_level < SECURITY_LEVEL_MIN => {
                let answer = format!("security level {}; {SECURITY_LEVEL_MIN} is the least", parameters.security_level);
                return Some(SensorError::Unexpected { to: "its parameters", answer });
            }
            Ok(_) => {}
            Err(error) => return Some(error),
        }
        let mut waiting = None;
        let mut is_lit = true;
        loop {
            let request = match waiting.take() {
                Some(request) => request,
                None => match timeout(LOOK_EVERY, requests.recv()).await {
                    Ok(Some(request)) => request,
                    Ok(None) => {
                        self.is_stopping = true;
                        return None;
                    }
                    Err(_) => {
                        let looked = match std::mem::take(&mut is_lit) {
                            true => show(&mut sensor, Led::Off).await,
                            false => sensor.parameters().await.map(|_| ()),
                        };
                        match looked {
                            Ok(()) => continue,
                            Err(error) => return Some(error),
                        }
                    }
                },
            };
            is_lit = true;
            match self.carry_out(&mut sensor, request, requests).await {
                Ok(next) => waiting = next,
                Err(error) => return Some(error),
            }
        }
    }

    /// Carries a request out, unless another comes before it is done: that one is answered.
    async fn carry_out(
        &self,
        sensor: &mut SerialSensor,
        request: SensorRequest,
        requests: &mut mpsc::Receiver<SensorRequest>,
    ) -> Result<Option<SensorRequest>, SensorError> {
        let interrupted = match request {
            SensorRequest::Verify { attempt, fingers, deadline } => {
                tokio::select! {
                    verified = verify(sensor, fingers, deadline) => {
                        let outcome = verified.as_ref().map_or(FingerOutcome::Fault, |outcome| *outcome);
                        self.tell(SensorEvent::Verified { attempt, outcome }).await;
                        let led = if outcome.is_match() { Led::Good } else { Led::Bad };
                        verified?;
                        show(sensor, led).await?;
                        return Ok(None);
                    }
                    next = requests.recv() => next,
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
            SensorRequest::Stop => return Ok(None),
        };
        // What was cut short may have left a template in the sensor's buffers.
        sensor.wipe().await?;
        show(sensor, Led::Off).await?;
        Ok(interrupted)
    }
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

async fn verify(
    sensor: &mut SerialSensor,
    fingers: Vec<Finger>,
    deadline: Instant,
) -> Result<FingerOutcome, SensorError> {
    if fingers.is_empty() {
        return Ok(FingerOutcome::NoTemplate);
    }
    show(sensor, Led::Wanting).await?;
    let (templates, are_duress): (Vec<Template>, Vec<bool>) =
        fingers.into_iter().map(|finger| (finger.template, finger.is_duress)).unzip();
    Ok(match sensor.verify(&templates, deadline).await? {
        Verified::Compared(scores) => outcome_of(&scores, &are_duress),
        Verified::NoFinger => FingerOutcome::NoFinger,
    })
}

/// What the comparisons of one finger mean. If it is like several, one of them a sign of duress, it is that sign: whoever
/// gives it must not be overlooked.
fn outcome_of(scores: &[Option<u16>], are_duress: &[bool]) -> FingerOutcome {
    let matched = || scores.iter().zip(are_duress).filter(|(score, _)| score.is_some());
    if matched().any(|(_, is_duress)| *is_duress) {
        FingerOutcome::MatchedDuress
    } else if matched().next().is_some() {
        FingerOutcome::Matched
    } else {
        FingerOutcome::NotMatched
    }
}

/// Lights the ring. Older modules of the family have none and refuse.
async fn show(sensor: &mut SerialSensor, led: Led) -> Result<(), SensorError> {
    match sensor.show(led).await {
        Err(SensorError::Refused { refusal: Refusal::Other(_), .. }) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_of_duress_is_never_overlooked() {
        use FingerOutcome::{Matched, MatchedDuress, NotMatched};
        let cases = [
            ([Some(90), None, None], Matched),
            ([None, Some(10), None], MatchedDuress),
            ([None, None, Some(90)], Matched),
            ([Some(90), Some(10), None], MatchedDuress),
            ([None, None, None], NotMatched),
        ];
        for (scores, expected) in cases {
            assert_eq!(outcome_of(&scores, &[false, true, false]), expected, "{scores:?}");
        }
    }
}
