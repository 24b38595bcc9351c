//! Decoys: templates that a sensor makes of drawn fingers, so that no finger on earth may match them.
//!
//! A sensor is sent an image in place of one that it takes itself, and makes features and a model of it as of any other. What
//! comes is a template in its own format and of its usual length, and nobody's. Not every module of the family can be sent an
//! image; such a one has no decoys.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use super::drawing::{Drawing, new_seed};
use super::packet::FRAME_BYTES;
use super::sensor::{Buffer, command, is_poor_image};
use super::{Sensor, SensorError, Template};

/// What came of having a decoy made.
#[derive(Debug)]
pub enum Decoy {
    /// A decoy.
    Made(Template),
    /// The sensor makes no template of this drawing; another may do.
    Poor,
    /// The sensor takes no images.
    NotSupported,
    /// Somebody was waiting.
    Interrupted,
}

/// What came of an image.
enum Drawn {
    Taken,
    Else(Decoy),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sensor<S> {
    /// Has the sensor make a template of a drawn finger of its image's size, in pixels; wipes its buffers after. Takes two images
    /// of some 20 KiB, four seconds each at 57,600 baud, and stops between two packets as soon as `is_awaited`.
    ///
    /// This future is not to be dropped: a sensor in the middle of an image takes what comes next for a part of it.
    pub async fn make_decoy(
        &mut self,
        (width, height): (usize, usize),
        mut is_awaited: impl FnMut() -> bool,
    ) -> Result<Decoy, SensorError> {
        // A million angles: not on a thread that drives doors.
        let drawn = spawn_blocking(move || {
            let drawing = Drawing::new(new_seed());
            [(); 2].map(|()| drawing.image(width, height, new_seed()))
        });
        let Ok(images) = drawn.await else { return Ok(Decoy::Poor) };
        for (image, buffer) in images.iter().zip([Buffer::Captured, Buffer::Reference]) {
            match self.show_image(image, buffer, &mut is_awaited).await? {
                Drawn::Taken => {}
                Drawn::Else(ended) => return Ok(ended),
            }
        }
        let made = match self.combine().await {
            Ok(()) => Decoy::Made(self.read_buffer(Buffer::Captured).await?),
            Err(SensorError::Refused { .. }) => Decoy::Poor,
            Err(error) => return Err(error),
        };
        self.wipe().await?;
        Ok(made)
    }

    async fn show_image(
        &mut self,
        image: &[u8],
        buffer: Buffer,
        is_awaited: &mut impl FnMut() -> bool,
    ) -> Result<Drawn, SensorError> {
        let to = "to take an image";
        match self.command(to, &[command::WRITE_IMAGE]).await {
            Ok(_) => {}
            // Some modules say nothing at all to a command that they do not know.
            Err(SensorError::Refused { .. } | SensorError::Timeout { .. }) => {
                return Ok(Drawn::Else(Decoy::NotSupported));
            }
            Err(error) => return Err(error),
        }
        // No faster than the line: what waits in the machine's buffers can't be cut short, and delays the next answer.
        let (began, mut sent) = (Instant::now(), 0);
        let mut pieces = image.chunks(self.packet_bytes()).peekable();
        while let Some(piece) = pieces.next() {
            let is_cut = is_awaited();
            // Marked as the last one, a packet ends the transfer, however much was still to come.
            self.send_data(to, piece, is_cut || pieces.peek().is_none()).await?;
            sent += piece.len() + FRAME_BYTES;
            sleep_until(began + self.line_time(sent)).await;
            if is_cut {
                return Ok(Drawn::Else(Decoy::Interrupted));
            }
        }
        match self.extract(buffer).await {
            Ok(()) => Ok(Drawn::Taken),
            Err(error) if is_poor_image(&error) => Ok(Drawn::Else(Decoy::Poor)),
            Err(error) => Err(error),
        }
    }
}
