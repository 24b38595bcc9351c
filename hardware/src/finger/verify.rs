//! One comparison: a finger with templates, one to one, and what must not be left behind.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::sensor::{Buffer, LOOK_PAUSE, is_poor_image};
use super::{Capture, Refusal, Sensor, SensorError, Template};

/// Bytes that a wipe overwrites at first: what one capture has.
const WIPE_BYTES: usize = 512;

/// What came of comparing a finger with templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// One finger was compared with each of them. In their order: the sensor's own measure of likeness (more is more alike),
    /// none where it is another finger.
    Compared(Vec<Option<u16>>),
    /// Nobody placed a usable finger in time.
    NoFinger,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sensor<S> {
    /// Compares the finger on the glass, placed until `deadline`, with each of the templates. [`Sensor::wipe`] must follow as
    /// soon as the person knows what came of it: what was compared still lies in the sensor's buffers.
    ///
    /// The first template goes into the second buffer while the person still looks for the glass, which is looked at before
    /// the transfer, between its two directions and after it: a sensor takes no command in the middle of data. The finger is
    /// captured once and compared with all templates in their order, also after a match: neither what the sensor is asked nor
    /// when it is done tells which template matched.
    pub async fn verify(&mut self, templates: &[Template], deadline: Instant) -> Result<Verified, SensorError> {
        let Some((first, others)) = templates.split_first() else { return Ok(Verified::Compared(Vec::new())) };
        let mut is_taken = self.take_finger().await?;
        self.send_buffer(Buffer::Reference, first.as_bytes()).await?;
        is_taken = is_taken || self.take_finger().await?;
        self.check_buffer(Buffer::Reference, first).await?;
        while !is_taken {
            is_taken = self.take_finger().await?;
            if !is_taken {
                if Instant::now() >= deadline {
                    return Ok(Verified::NoFinger);
                }
                tokio::time::sleep_until((Instant::now() + LOOK_PAUSE).min(deadline)).await;
            }
        }
        let mut scores = vec![self.compare().await?];
        for template in others {
            self.write_buffer(Buffer::Reference, template).await?;
            scores.push(self.compare().await?);
        }
        Ok(Verified::Compared(scores))
    }

    /// Looks for a finger, and takes its features into the first buffer; answers whether there was a usable one.
    async fn take_finger(&mut self) -> Result<bool, SensorError> {
        if self.look().await? != Capture::Taken {
            return Ok(false);
        }
        match self.extract(Buffer::Captured).await {
            Ok(()) => Ok(true),
            Err(error) if is_poor_image(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Overwrites both buffers, so that no template stays in the sensor's memory, and reads back that none did. What can't be
    /// shown to be gone is [`SensorError::NotWiped`].
    pub async fn wipe(&mut self) -> Result<(), SensorError> {
        for buffer in [Buffer::Captured, Buffer::Reference] {
            self.send_buffer(buffer, &[0; WIPE_BYTES]).await?;
        }
        for buffer in [Buffer::Captured, Buffer::Reference] {
            let Some(left) = self.left_in(buffer).await? else { continue };
            // A model is longer than a capture, and modules may keep what lies behind the bytes that they were sent.
            self.send_buffer(buffer, &vec![0; left.as_bytes().len()]).await?;
            if self.left_in(buffer).await?.is_some() {
                return Err(SensorError::NotWiped);
            }
        }
        Ok(())
    }

    /// What lies in a buffer, unless it is blank or the sensor says that there is no template to give away.
    async fn left_in(&mut self, buffer: Buffer) -> Result<Option<Template>, SensorError> {
        match self.read_buffer(buffer).await {
            Ok(left) => Ok(Some(left).filter(|left| left.as_bytes().iter().any(|byte| *byte != 0))),
            Err(SensorError::Refused { refusal: Refusal::CannotTransfer, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
