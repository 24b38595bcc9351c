//! One comparison at a fingerprint sensor, as modelled: the driver on a real pseudo-terminal, a twin at its other end that takes
//! the time of a line of 57,600 baud and none for computing.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use hardware::finger::virtual_sensor::VirtualSensor;
use hardware::finger::{BAUD_DEFAULT, EnrolProgress, Led, Sensor, SerialSensor, Template, Verified};
use tokio::time::{Instant, sleep};

use super::{Figure, Samples};

/// Longest wait for a finger that is placed by this very program.
const FINGER_WAIT: Duration = Duration::from_secs(30);
/// How long a person takes from the card to the glass: longer than a template takes to the sensor and back.
const PERSON_TAKES: Duration = Duration::from_millis(1_500);
/// The finger.
const FINGER: u64 = 4_711;

struct Bench {
    twin: VirtualSensor,
    sensor: SerialSensor,
}

/// Measures `count` comparisons of each kind.
pub async fn run(folder: &Path, count: usize) -> anyhow::Result<Vec<Figure>> {
    let path = folder.join("bench-sensor");
    let twin = VirtualSensor::plug(&path)?;
    let sensor = Sensor::open_serial(&path, BAUD_DEFAULT, 0).await?;
    let mut bench = Bench { twin, sensor };
    let template = bench.enrol().await?;
    let three = vec![template.clone(); 3];
    let one = [template];
    let (mut awaited, mut at_once, mut of_three, mut wiped) =
        (Samples::default(), Samples::default(), Samples::default(), Samples::default());
    for _ in 0..count {
        awaited.push(bench.compare(&one, PERSON_TAKES).await?);
        wiped.push(bench.wipe().await?);
        at_once.push(bench.compare(&one, Duration::ZERO).await?);
        wiped.push(bench.wipe().await?);
        of_three.push(bench.compare(&three, PERSON_TAKES).await?);
        wiped.push(bench.wipe().await?);
    }
    Ok(vec![
        Figure::plain("finger.verify_ms", awaited.median()?, "ms"),
        Figure::plain("finger.verify_at_once_ms", at_once.median()?, "ms"),
        Figure::plain("finger.verify_three_ms", of_three.median()?, "ms"),
        Figure::plain("finger.wipe_ms", wiped.median()?, "ms"),
    ])
}

impl Bench {
    async fn enrol(&mut self) -> anyhow::Result<Template> {
        let twin = &self.twin;
        let enrolled = self.sensor.enrol(3, Instant::now() + FINGER_WAIT, |step| match step {
            EnrolProgress::Place(_) => twin.place(Some(FINGER)),
            EnrolProgress::Lift(_) | EnrolProgress::Again(..) => twin.place(None),
            EnrolProgress::Captured(..) | EnrolProgress::Verifying => {}
        });
        Ok(enrolled.await?.template)
    }

    /// From the finger on the glass to the answer, in milliseconds, when it comes so long after it was asked for.
    async fn compare(&mut self, templates: &[Template], after: Duration) -> anyhow::Result<f64> {
        self.twin.place((after == Duration::ZERO).then_some(FINGER));
        self.sensor.show(Led::Wanting).await?;
        let twin = &self.twin;
        let began = Instant::now();
        let person = async {
            sleep(after).await;
            twin.place(Some(FINGER));
            Instant::now()
        };
        let deadline = began + FINGER_WAIT;
        let (placed, verified) = tokio::join!(person, self.sensor.verify(templates, deadline));
        let took = placed.elapsed();
        let Verified::Compared(scores) = verified? else { anyhow::bail!("no finger") };
        ensure!(scores.len() == templates.len() && scores.iter().all(Option::is_some), "it is her finger: {scores:?}");
        Ok(took.as_secs_f64() * 1_000.0)
    }

    async fn wipe(&mut self) -> anyhow::Result<f64> {
        let began = Instant::now();
        self.sensor.wipe().await?;
        Ok(began.elapsed().as_secs_f64() * 1_000.0)
    }
}
