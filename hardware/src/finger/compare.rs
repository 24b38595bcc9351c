//! A finished template beside others: whether one of them is of the same finger, one to one and one after the other.

use tokio::io::{AsyncRead, AsyncWrite};

use super::sensor::Buffer;
use super::{Sensor, SensorError, Template};

impl<S: AsyncRead + AsyncWrite + Unpin> Sensor<S> {
    /// The place of the first of `others` that is of the same finger as `finger`. `passed` hears after each of another finger how many
    /// these are. Nothing is captured, searched or stored: `finger` lies in the first buffer and the others come to the second in turn.
    ///
    /// An answer of none is given only if `finger` still lies there after the last of them. Both buffers are wiped before any answer;
    /// after an error they may not be, and whoever uses the sensor next wipes them first.
    pub async fn first_same(
        &mut self,
        finger: &Template,
        others: &[Template],
        mut passed: impl FnMut(usize),
    ) -> Result<Option<usize>, SensorError> {
        self.write_buffer(Buffer::Captured, finger).await?;
        let mut same = None;
        for (place, other) in others.iter().enumerate() {
            self.write_buffer(Buffer::Reference, other).await?;
            if self.compare().await?.is_some() {
                same = Some(place);
                break;
            }
            passed(place + 1);
        }
        if same.is_none() {
            self.check_buffer(Buffer::Captured, finger).await?;
        }
        self.wipe().await?;
        Ok(same)
    }
}
