//! The enrolment dialogue: the first two captures of a finger become one template, which every capture must match.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::sensor::{Buffer, is_poor_image};
use super::{Capture, Refusal, Sensor, SensorError, Template};

/// Most tries for one capture before the dialogue is given up.
const TRIES_MAX: u8 = 5;
/// Score that counts as full quality; the family's scores of a good second capture lie around it (field reports).
const SCORE_FULL: u32 = 200;

/// What a person has to do, or what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolProgress {
    /// Place the finger; captures count from 1.
    Place(u8),
    /// Lift it.
    Lift(u8),
    /// The capture was no good; the same again.
    Again(u8, CaptureFault),
    /// A good capture, with its quality from 0 to 100: how alike it is to the first one, and at the end to the model of both. The
    /// first one is told at the end alone, since there is nothing before that it could be held against.
    Captured(u8, u8),
    /// The captures are held against the combined model.
    Verifying,
}

/// What was wrong with a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureFault {
    /// No clear image.
    Unclear,
    /// Too few features.
    TooFewFeatures,
    /// Not the finger of the captures before.
    DifferentFinger,
}

/// A finished enrolment.
#[derive(Debug)]
pub struct Enrolled {
    /// The combined template.
    pub template: Template,
    /// Likeness of the captures to it, 0 to 100: the worst of them.
    pub quality: u8,
}

/// Why an enrolment brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// Nobody placed or lifted a finger in time.
    #[error("nobody placed or lifted the finger in time")]
    TimedOut,
    /// The captures do not make one template, or are not of one finger.
    #[error("the captures are not of one finger")]
    DoesNotCombine,
    /// The sensor failed.
    #[error(transparent)]
    Sensor(#[from] SensorError),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sensor<S> {
    /// Leads through `captures` captures (two at least) until `deadline`. `progress` hears every step.
    ///
    /// Some firmware combines captures of different fingers without a word, so every capture is compared with the
    /// finished model before the model is believed. The sensor's buffers are wiped at the end, whatever it was.
    pub async fn enrol(
        &mut self,
        captures: u8,
        deadline: Instant,
        progress: impl FnMut(EnrolProgress),
    ) -> Result<Enrolled, EnrolError> {
        let enrolled = self.enrol_unwiped(captures.max(2), deadline, progress).await;
        let wiped = self.wipe().await;
        let enrolled = enrolled?;
        wiped?;
        Ok(enrolled)
    }

    async fn enrol_unwiped(
        &mut self,
        captures: u8,
        deadline: Instant,
        mut progress: impl FnMut(EnrolProgress),
    ) -> Result<Enrolled, EnrolError> {
        let mut taken: Vec<Template> = Vec::new();
        for capture in 1..=captures {
            let template = self.capture_one(capture, taken.first(), deadline, &mut progress).await?;
            taken.push(template);
            progress(EnrolProgress::Lift(capture));
            if self.wait_for(Capture::NoFinger, deadline).await? != Capture::NoFinger {
                return Err(EnrolError::TimedOut);
            }
        }
        progress(EnrolProgress::Verifying);
        let model = self.combine_first(&taken).await?;
        let mut worst = u16::MAX;
        for (number, capture) in (1..).zip(&taken) {
            self.write_buffer(Buffer::Captured, capture).await?;
            self.write_buffer(Buffer::Reference, &model).await?;
            let Some(score) = self.compare().await? else { return Err(EnrolError::DoesNotCombine) };
            progress(EnrolProgress::Captured(number, quality(score)));
            worst = worst.min(score);
        }
        Ok(Enrolled { template: model, quality: quality(worst) })
    }

    async fn capture_one(
        &mut self,
        capture: u8,
        first: Option<&Template>,
        deadline: Instant,
        progress: &mut impl FnMut(EnrolProgress),
    ) -> Result<Template, EnrolError> {
        for _ in 0..TRIES_MAX {
            progress(EnrolProgress::Place(capture));
            if self.wait_for(Capture::Taken, deadline).await? != Capture::Taken {
                return Err(EnrolError::TimedOut);
            }
            let fault = match self.extract(Buffer::Captured).await {
                Ok(()) => {
                    let template = self.read_buffer(Buffer::Captured).await?;
                    let Some(first) = first else { return Ok(template) };
                    match self.likeness(&template, first).await? {
                        Some(quality) => {
                            progress(EnrolProgress::Captured(capture, quality));
                            return Ok(template);
                        }
                        None => CaptureFault::DifferentFinger,
                    }
                }
                Err(error) if is_poor_image(&error) => match error.refusal() {
                    Some(Refusal::TooFewFeatures) => CaptureFault::TooFewFeatures,
                    _ => CaptureFault::Unclear,
                },
                Err(error) => return Err(error.into()),
            };
            progress(EnrolProgress::Again(capture, fault));
            if self.wait_for(Capture::NoFinger, deadline).await? != Capture::NoFinger {
                return Err(EnrolError::TimedOut);
            }
        }
        Err(EnrolError::DoesNotCombine)
    }

    /// How alike a capture is to the first one; none if it is another finger.
    async fn likeness(&mut self, template: &Template, first: &Template) -> Result<Option<u8>, SensorError> {
        self.write_buffer(Buffer::Captured, template).await?;
        self.write_buffer(Buffer::Reference, first).await?;
        Ok(self.compare().await?.map(quality))
    }

    /// The model of the first two captures: what every sensor of the family can make with its two buffers.
    async fn combine_first(&mut self, taken: &[Template]) -> Result<Template, EnrolError> {
        let [first, second, ..] = taken else { return Err(EnrolError::DoesNotCombine) };
        self.write_buffer(Buffer::Captured, first).await?;
        self.write_buffer(Buffer::Reference, second).await?;
        match self.combine().await {
            Ok(()) => Ok(self.read_buffer(Buffer::Captured).await?),
            Err(SensorError::Refused { refusal: Refusal::DoesNotCombine, .. }) => Err(EnrolError::DoesNotCombine),
            Err(error) => Err(error.into()),
        }
    }
}

fn quality(score: u16) -> u8 {
    // At most 100 by the `min`.
    (u32::from(score) * 100 / SCORE_FULL).min(100) as u8
}
