use std::path::PathBuf;

use tokio::sync::mpsc;

use super::*;
use crate::finger::virtual_sensor::{SensorFault, VirtualSensor};
use crate::finger::{CaptureFault, EnrolError, EnrolProgress};

struct Bench {
    _folder: tempfile::TempDir,
    path: PathBuf,
    twin: VirtualSensor,
    sensor: SerialSensor,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sensor");
    let twin = VirtualSensor::plug(&path).unwrap();
    let sensor = Sensor::open_serial(&path, BAUD_DEFAULT, 0).await.unwrap();
    Bench { _folder: folder, path, twin, sensor }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(300)
}

fn later() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Follows what the dialogue asks for: places what `fingers` says for each capture, lifts when told.
async fn enrol(bench: &mut Bench, fingers: &[u64]) -> (Result<super::super::Enrolled, EnrolError>, Vec<EnrolProgress>) {
    let mut steps = Vec::new();
    let twin = &bench.twin;
    let enrolled = bench
        .sensor
        .enrol(3, later(), |step| {
            match step {
                EnrolProgress::Place(_) => {
                    let places = steps.iter().filter(|step| matches!(step, EnrolProgress::Place(_))).count();
                    twin.place(Some(fingers[places % fingers.len()]));
                }
                EnrolProgress::Lift(_) | EnrolProgress::Again(..) => twin.place(None),
                EnrolProgress::Captured(..) | EnrolProgress::Verifying => {}
            }
            steps.push(step);
        })
        .await;
    (enrolled, steps)
}

/// Which of the templates the finger on the glass matches.
async fn matches(bench: &mut Bench, templates: &[Template]) -> Vec<bool> {
    let verified = bench.sensor.verify(templates, later()).await.unwrap();
    let scores = if let Verified::Compared(scores) = verified { Some(scores) } else { None };
    scores.unwrap().into_iter().map(|score| score.is_some_and(|score| score > 0)).collect()
}

#[tokio::test]
async fn it_says_what_it_is() {
    let mut bench = bench().await;
    let parameters = bench.sensor.parameters().await.unwrap();
    assert_eq!((parameters.library_size, parameters.packet_bytes, parameters.baud), (200, 128, 57_600));
    assert_eq!(bench.sensor.count_stored().await.unwrap(), 0);
    bench.sensor.show(Led::Good).await.unwrap();
    assert_eq!(bench.twin.watch().borrow().ring, 4);
}

#[tokio::test]
async fn a_wrong_password_is_named() {
    let bench = bench().await;
    drop(bench.sensor);
    let error = SerialSensor::open_serial(&bench.path, BAUD_DEFAULT, 1).await.unwrap_err();
    assert_eq!(error.to_string(), "the sensor refused the password: wrong password");
    assert_eq!(error.kind(), FaultKind::Protocol);
}

#[tokio::test]
async fn an_enrolled_finger_matches_and_another_does_not() {
    let mut bench = bench().await;
    let (enrolled, steps) = enrol(&mut bench, &[1]).await;
    let enrolled = enrolled.unwrap();
    assert!(enrolled.quality > 50, "{}", enrolled.quality);
    assert_eq!(steps.iter().filter(|step| matches!(step, EnrolProgress::Captured(..))).count(), 3);
    assert_eq!(steps.last(), Some(&EnrolProgress::Verifying));

    bench.twin.place(Some(1));
    let templates = [enrolled.template];
    assert_eq!(matches(&mut bench, &templates).await, [true]);
    bench.twin.place(Some(2));
    assert_eq!(matches(&mut bench, &templates).await, [false]);
    bench.twin.place(None);
    assert_eq!(bench.sensor.verify(&templates, soon()).await.unwrap(), Verified::NoFinger);
    for buffer in [Buffer::Captured, Buffer::Reference] {
        assert_eq!(bench.sensor.read_buffer(buffer).await.unwrap().as_bytes(), [0; 512], "wiped");
    }
}

#[tokio::test]
async fn another_finger_in_between_is_asked_for_again() {
    let mut bench = bench().await;
    let (enrolled, steps) = enrol(&mut bench, &[1, 2, 1, 1]).await;
    assert!(enrolled.is_ok());
    assert!(steps.contains(&EnrolProgress::Again(2, CaptureFault::DifferentFinger)));
    let (enrolled, _) = enrol(&mut bench, &[1, 2, 3, 4, 5, 6, 7]).await;
    assert!(matches!(enrolled, Err(EnrolError::DoesNotCombine)));
}

#[tokio::test]
async fn firmware_that_combines_anything_is_found_out() {
    let mut bench = bench().await;
    bench.twin.misbehave(SensorFault::CombinesAnything);
    let capture = async |bench: &mut Bench, finger| {
        bench.twin.place(Some(finger));
        assert_eq!(bench.sensor.look().await.unwrap(), Capture::Taken);
        bench.sensor.extract(Buffer::Captured).await.unwrap();
        bench.sensor.read_buffer(Buffer::Captured).await.unwrap()
    };
    let (first, second) = (capture(&mut bench, 1).await, capture(&mut bench, 2).await);
    bench.sensor.write_buffer(Buffer::Captured, &first).await.unwrap();
    bench.sensor.write_buffer(Buffer::Reference, &second).await.unwrap();
    bench.sensor.combine().await.expect("this firmware says nothing");
    let (enrolled, _) = enrol(&mut bench, &[1, 2, 3, 4, 5, 6, 7]).await;
    assert!(matches!(enrolled, Err(EnrolError::DoesNotCombine)), "the driver does");
}

#[tokio::test]
async fn a_misread_is_tried_again() {
    let mut bench = bench().await;
    let (enrolled, _) = enrol(&mut bench, &[1]).await;
    bench.twin.place(Some(1));
    bench.twin.misbehave(SensorFault::MisreadNext);
    assert_eq!(matches(&mut bench, &[enrolled.unwrap().template]).await, [true]);
}

/// One command for all looks in a row: how often it was looked depends on when the finger came.
fn folded(commands: &mut mpsc::UnboundedReceiver<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut folded: Vec<Vec<u8>> = Vec::new();
    while let Ok(command) = commands.try_recv() {
        if command != [command::CAPTURE] || folded.last() != Some(&command) {
            folded.push(command);
        }
    }
    folded
}

#[tokio::test]
async fn what_the_sensor_is_asked_does_not_tell_which_template_matched() {
    let mut bench = bench().await;
    let mut templates = Vec::new();
    for finger in [1, 2] {
        let (enrolled, _) = enrol(&mut bench, &[finger]).await;
        templates.push(enrolled.unwrap().template);
    }
    let mut asked = Vec::new();
    for (finger, matched) in [(1, [true, false]), (2, [false, true]), (3, [false, false])] {
        let mut commands = bench.twin.listen();
        bench.twin.place(Some(finger));
        assert_eq!(matches(&mut bench, &templates).await, matched, "finger {finger}");
        // What follows the last command is answered once the twin has heard all of it.
        bench.sensor.count_stored().await.unwrap();
        asked.push(folded(&mut commands));
    }
    let comparisons = asked[0].iter().filter(|command| **command == [command::MATCH]).count();
    assert_eq!(comparisons, 2, "{:?}", asked[0]);
    assert_eq!(asked[0].iter().filter(|command| **command == [command::CAPTURE]).count(), 1, "captured once");
    assert_eq!(asked[0], asked[1]);
    assert_eq!(asked[0], asked[2]);
}

#[tokio::test]
async fn silence_and_garbage_time_out_and_it_recovers() {
    let mut bench = bench().await;
    for fault in [SensorFault::Hang, SensorFault::Garbage] {
        bench.twin.misbehave(fault);
        assert_eq!(bench.sensor.look().await.unwrap_err().kind(), FaultKind::Timeout, "{fault:?}");
        bench.twin.misbehave(SensorFault::None);
        assert_eq!(bench.sensor.look().await.unwrap(), Capture::NoFinger, "{fault:?}");
    }
}

#[tokio::test]
async fn an_unplugged_sensor_is_gone_and_comes_back_at_its_path() {
    let mut bench = bench().await;
    bench.twin.unplug();
    assert_eq!(bench.sensor.look().await.unwrap_err().kind(), FaultKind::Disconnected);
    assert!(SerialSensor::open_serial(&bench.path, BAUD_DEFAULT, 0).await.is_err());
    bench.twin.plug_again().unwrap();
    let mut again = SerialSensor::open_serial(&bench.path, BAUD_DEFAULT, 0).await.unwrap();
    assert_eq!(again.look().await.unwrap(), Capture::NoFinger);
}

#[tokio::test]
async fn an_enrolment_cut_short_anywhere_leaves_a_sensor_that_is_wiped() {
    let mut bench = bench().await;
    let captures = async |bench: &mut Bench| {
        let mut taken = Vec::new();
        for _ in 0..2 {
            bench.twin.place(Some(1));
            assert_eq!(bench.sensor.look().await.unwrap(), Capture::Taken);
            bench.sensor.extract(Buffer::Captured).await.unwrap();
            taken.push(bench.sensor.read_buffer(Buffer::Captured).await.unwrap());
        }
        taken
    };
    let taken = captures(&mut bench).await;
    // What is cut here keeps the line busy for half a second at least: packets going out, packets coming in, answers.
    for cut_ms in (3..2_000).step_by(67) {
        let cut = Duration::from_millis(cut_ms);
        let comparing = async {
            bench.sensor.write_buffer(Buffer::Captured, &taken[0]).await?;
            bench.sensor.write_buffer(Buffer::Reference, &taken[1]).await?;
            bench.sensor.combine().await?;
            bench.sensor.read_buffer(Buffer::Captured).await
        };
        let is_cut = tokio::time::timeout(cut, comparing).await.is_err();
        bench.sensor.wipe().await.unwrap_or_else(|error| panic!("cut after {cut_ms} ms: {error}"));
        for buffer in [Buffer::Captured, Buffer::Reference] {
            let left = bench.sensor.read_buffer(buffer).await.unwrap();
            assert!(is_blank(&left), "cut after {cut_ms} ms: something is left");
        }
        if !is_cut {
            return;
        }
    }
}
