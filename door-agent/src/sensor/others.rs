//! A finger that is to be enrolled beside others, at a station's sensor: whether one of them is the same.

use std::ops::ControlFlow;

use access_core::ids::EnrolmentId;
use hardware::finger::{SensorError, SerialSensor, Template};
use tokio::sync::mpsc;

use super::{SensorEvent, SensorRequest, Task};

impl Task {
    /// Compares and tells what came of it, unless another request comes first: that one is answered, and whatever was compared may
    /// still lie in the sensor's buffers.
    pub(super) async fn compare_with_others(
        &self,
        sensor: &mut SerialSensor,
        enrolment: EnrolmentId,
        (finger, others): (Template, Vec<Template>),
        requests: &mut mpsc::Receiver<SensorRequest>,
    ) -> Result<ControlFlow<Option<SensorRequest>>, SensorError> {
        let (tell, mut told) = mpsc::unbounded_channel();
        let comparing = sensor.first_same(&finger, &others, |compared| {
            let _ = tell.send(compared);
        });
        tokio::pin!(comparing);
        let same = loop {
            tokio::select! {
                biased;
                Some(compared) = told.recv() => self.tell(SensorEvent::Comparing { enrolment, compared }).await,
                same = &mut comparing => break same,
                next = requests.recv() => return Ok(ControlFlow::Break(next)),
            }
        };
        let result = same.as_ref().copied().map_err(SensorError::kind);
        self.tell(SensorEvent::Compared { enrolment, result }).await;
        same.map(|_| ControlFlow::Continue(()))
    }
}
