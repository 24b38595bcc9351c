//! A sensor's task before a twin of the sensor, behind a pseudo-terminal.

use access_core::policy::Side;
use hardware::finger::virtual_sensor::{SensorFault, VirtualSensor};
use hardware::finger::{BAUD_DEFAULT, Sensor, Template};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::devices::Place;

const WAIT: Duration = Duration::from_secs(60);
const ANNA: u64 = 4_711;

struct Bench {
    folder: tempfile::TempDir,
    twin: VirtualSensor,
    habits: Habits,
}

/// A task that runs.
struct Running {
    requests: mpsc::Sender<SensorRequest>,
    events: mpsc::Receiver<(usize, SensorEvent)>,
    task: JoinHandle<()>,
}

impl Bench {
    /// Decoys are compared whenever there are some, before all others; nothing is drawn.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let twin = VirtualSensor::plug(&folder.path().join("line")).unwrap();
        let [look_every, check_every] = [Duration::from_millis(20), Duration::from_millis(100)];
        Self { folder, twin, habits: Habits { look_every, check_every, decoys: 0, dice: Arc::new(|_| 0) } }
    }

    fn files(&self) -> SensorFiles {
        let place = Place { door: Some(Uuid::from_u128(1).into()), side: Some(Side::In) };
        SensorFiles::of(self.folder.path(), place)
    }

    fn start(&self) -> Running {
        let (requests, incoming) = mpsc::channel(8);
        let (told, events) = mpsc::channel(256);
        let path = self.folder.path().join("line");
        let config = SensorConfig { path, baud: BAUD_DEFAULT, password: 0 };
        let task = SensorTask { number: 7, config, files: self.files(), habits: self.habits.clone() };
        Running { requests, events, task: tokio::spawn(run(task, incoming, told)) }
    }

    async fn driver(&self) -> SerialSensor {
        Sensor::open_serial(&self.folder.path().join("line"), BAUD_DEFAULT, 0).await.unwrap()
    }

    /// Anna's finger, enrolled before the task begins.
    async fn annas(&self) -> Finger {
        let mut sensor = self.driver().await;
        let enrolled = sensor.enrol(2, Instant::now() + WAIT, |step| match step {
            EnrolProgress::Place(_) => self.twin.place(Some(ANNA)),
            EnrolProgress::Lift(_) => self.twin.place(None),
            _ => {}
        });
        Finger { template: enrolled.await.unwrap().template, is_duress: false }
    }
}

impl Running {
    /// The next event of interest.
    async fn event<T>(&mut self, mut wanted: impl FnMut(&SensorEvent) -> Option<T>) -> T {
        let next = async {
            loop {
                let (number, event) = self.events.recv().await.unwrap();
                assert_eq!(number, 7);
                if let Some(found) = wanted(&event) {
                    return found;
                }
            }
        };
        timeout(WAIT, next).await.unwrap()
    }

    async fn state(&mut self, wanted: DeviceState) {
        self.event(|event| matches!(event, SensorEvent::State(state) if *state == wanted).then_some(())).await;
    }

    /// Until this is said of the sensor.
    async fn suspicion(&mut self, wanted: Suspicion, is_wanted: bool) {
        let is = |event: &SensorEvent| match event {
            SensorEvent::Suspicion { suspicion, is_so } => *suspicion == wanted && *is_so == is_wanted,
            _ => false,
        };
        self.event(|event| is(event).then_some(())).await;
    }

    async fn verify(&mut self, fingers: &[Finger]) -> FingerOutcome {
        let attempt = AttemptId::from_uuid(Uuid::now_v7());
        let request = SensorRequest::Verify { attempt, fingers: fingers.to_vec(), deadline: Instant::now() + WAIT };
        self.requests.send(request).await.unwrap();
        self.event(|event| match event {
            SensorEvent::Verified { attempt: of, outcome } => (*of == attempt).then_some(*outcome),
            _ => None,
        })
        .await
    }

    async fn stop(self) {
        drop(self.requests);
        timeout(WAIT, self.task).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_first_sensor_is_written_down_and_another_is_not_used_until_it_is_accepted() {
    let bench = Bench::new();
    let anna = [bench.annas().await];
    bench.twin.place(Some(ANNA));
    let mut task = bench.start();
    task.state(DeviceState::Working).await;
    let first = bench.files().known().unwrap().unwrap().identity;
    assert_eq!(task.verify(&anna).await, FingerOutcome::Matched);
    assert_eq!(bench.files().accept().unwrap(), Accepted::Nothing);

    // Found by the look that comes every hour, without a word on the line.
    bench.twin.rebuild(|build| build.serial = "00000002".to_owned());
    task.suspicion(Suspicion::Changed, true).await;
    task.state(DeviceState::Faulty).await;
    assert_eq!(task.verify(&anna).await, FingerOutcome::Fault);
    // Whoever puts the accepted one back has not to ask anybody.
    bench.twin.rebuild(|build| build.serial = "00000001".to_owned());
    task.suspicion(Suspicion::Changed, false).await;
    task.state(DeviceState::Working).await;
    assert_eq!(bench.files().found().unwrap(), None);

    bench.twin.rebuild(|build| build.security_level = 4);
    task.suspicion(Suspicion::Changed, true).await;
    task.state(DeviceState::Faulty).await;
    task.stop().await;
    let mut task = bench.start();
    task.suspicion(Suspicion::Changed, true).await;
    task.state(DeviceState::Faulty).await;
    let Accepted::Another(accepted) = bench.files().accept().unwrap() else { panic!("nothing was found") };
    assert_ne!(*accepted, first);
    task.suspicion(Suspicion::Changed, false).await;
    task.state(DeviceState::Working).await;
    assert_eq!(task.verify(&anna).await, FingerOutcome::Matched);
    task.stop().await;
}

#[tokio::test]
async fn another_sensor_is_found_while_nobody_asks() {
    let mut bench = Bench::new();
    bench.habits.check_every = Duration::from_secs(3_600);
    let mut task = bench.start();
    task.state(DeviceState::Working).await;
    bench.twin.rebuild(|build| build.security_level = 4);
    task.suspicion(Suspicion::Changed, true).await;
    task.state(DeviceState::Faulty).await;
    task.stop().await;
}

#[tokio::test]
async fn a_sensor_of_which_nothing_can_be_read_or_written_is_not_used() {
    let bench = Bench::new();
    bench.files().keep(&Known::new(bench.driver().await.identity().await.unwrap())).unwrap();
    let mut files = std::fs::read_dir(bench.folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let record = files.find(|path| path.extension().is_some_and(|end| end == "json")).unwrap();
    std::fs::write(&record, "{").unwrap();
    let mut task = bench.start();
    task.suspicion(Suspicion::Changed, true).await;
    task.state(DeviceState::Faulty).await;
    task.stop().await;
    std::fs::remove_file(&record).unwrap();
    // The fresh file can't be made.
    std::fs::create_dir(record.with_extension("fresh")).unwrap();
    let mut task = bench.start();
    task.state(DeviceState::Faulty).await;
    std::fs::remove_dir(record.with_extension("fresh")).unwrap();
    task.state(DeviceState::Working).await;
    task.stop().await;
}

#[tokio::test]
async fn too_lenient_a_sensor_is_never_used() {
    let bench = Bench::new();
    bench.twin.rebuild(|build| build.security_level = 2);
    let mut task = bench.start();
    task.state(DeviceState::Faulty).await;
    assert_eq!(bench.files().known().unwrap(), None, "it is not taken for the right one either");
    task.stop().await;
}

#[tokio::test]
async fn templates_in_its_own_memory_are_told_at_the_start_and_as_long_as_they_are_there() {
    let bench = Bench::new();
    bench.twin.rebuild(|build| build.stored = 2);
    let mut task = bench.start();
    task.suspicion(Suspicion::NotEmpty, true).await;
    task.state(DeviceState::Working).await;
    bench.twin.rebuild(|build| build.stored = 0);
    task.suspicion(Suspicion::NotEmpty, false).await;
    bench.twin.rebuild(|build| build.stored = 1);
    task.suspicion(Suspicion::NotEmpty, true).await;
    task.stop().await;
}

/// A decoy that the sensor made, and that the task knows of.
async fn with_decoy(bench: &Bench) -> Template {
    let mut sensor = bench.driver().await;
    let made = sensor.make_decoy((192, 192), || false).await.unwrap();
    let Decoy::Made(decoy) = made else { panic!("{made:?}") };
    let mut known = Known::new(sensor.identity().await.unwrap());
    known.add_decoy(&decoy);
    bench.files().keep(&known).unwrap();
    decoy
}

#[tokio::test]
async fn a_sensor_that_always_says_match_is_caught_and_not_believed_before_it_is_accepted() {
    let bench = Bench::new();
    let decoy = with_decoy(&bench).await;
    let anna = [bench.annas().await];
    let mut task = bench.start();
    task.state(DeviceState::Working).await;
    bench.twin.place(Some(ANNA));
    let mut commands = bench.twin.listen();
    assert_eq!(task.verify(&anna).await, FingerOutcome::Matched, "with a decoy beside hers");
    let comparisons = std::iter::from_fn(|| commands.try_recv().ok()).filter(|command| *command == [0x03]).count();
    assert_eq!(comparisons, 2);

    bench.twin.place(Some(1));
    bench.twin.misbehave(SensorFault::AlwaysMatches);
    assert_eq!(task.verify(&anna).await, FingerOutcome::Fault, "refused, as if the sensor had failed");
    task.suspicion(Suspicion::Lies, true).await;
    task.state(DeviceState::Faulty).await;
    assert_eq!(task.verify(&anna).await, FingerOutcome::Fault);
    task.stop().await;

    // Neither a restart nor good behaviour makes it good again, nor is it forgotten while it is away.
    bench.twin.misbehave(SensorFault::None);
    bench.twin.unplug();
    let mut task = bench.start();
    task.suspicion(Suspicion::Lies, true).await;
    bench.twin.plug_again().unwrap();
    task.state(DeviceState::Faulty).await;
    bench.twin.place(Some(ANNA));
    assert_eq!(task.verify(&anna).await, FingerOutcome::Fault);
    assert!(matches!(bench.files().accept().unwrap(), Accepted::Same(_)));
    task.suspicion(Suspicion::Lies, false).await;
    task.state(DeviceState::Working).await;
    assert_eq!(task.verify(&anna).await, FingerOutcome::Matched);
    let decoys = bench.files().known().unwrap().unwrap().decoys();
    assert!(!decoys.contains(&decoy), "the liar knows that one");
    task.stop().await;
}

#[tokio::test]
async fn decoys_are_drawn_while_nobody_asks() {
    let mut bench = Bench::new();
    bench.habits.decoys = 1;
    let anna = [bench.annas().await];
    let mut commands = bench.twin.listen();
    let mut task = bench.start();
    task.state(DeviceState::Working).await;
    let mut until = async |wanted: u8| {
        while timeout(WAIT, commands.recv()).await.unwrap().unwrap()[0] != wanted {}
    };
    // Whoever comes meanwhile does not wait for the drawing, which is begun again after.
    until(0x0B).await;
    bench.twin.place(Some(ANNA));
    assert_eq!(task.verify(&anna).await, FingerOutcome::Matched);
    // Two images, one model; what is asked after the wipe is asked once it is written down.
    for command in [0x0B, 0x0B, 0x05, 0x0F] {
        until(command).await;
    }
    assert_eq!(bench.files().known().unwrap().unwrap().decoys().len(), 1);
    task.stop().await;

    let bench = Bench { habits: bench.habits.clone(), ..Bench::new() };
    bench.twin.rebuild(|build| (build.takes_images, build.is_newer) = (false, false));
    let mut commands = bench.twin.listen();
    let mut task = bench.start();
    task.state(DeviceState::Working).await;
    for command in [0x0B, 0x0F] {
        while timeout(WAIT, commands.recv()).await.unwrap().unwrap()[0] != command {}
    }
    assert!(bench.files().known().unwrap().unwrap().takes_no_images);
    task.stop().await;
}

#[tokio::test]
async fn what_cannot_be_wiped_is_a_fault_of_the_sensor_and_not_of_whoever_stands_there() {
    let bench = Bench::new();
    let anna = [bench.annas().await];
    let mut task = bench.start();
    task.state(DeviceState::Working).await;
    bench.twin.place(Some(ANNA));
    bench.twin.misbehave(SensorFault::KeepsTemplates);
    assert_eq!(task.verify(&anna).await, FingerOutcome::Matched);
    task.state(DeviceState::Faulty).await;
    assert_eq!(task.verify(&anna).await, FingerOutcome::Fault, "nothing more is given to it");
    bench.twin.misbehave(SensorFault::None);
    task.state(DeviceState::Working).await;
    task.stop().await;
}
