use std::path::PathBuf;

use super::*;
use crate::finger::virtual_sensor::{SensorFault, Traffic, VirtualSensor};
use crate::finger::{CaptureFault, Decoy, EnrolError, EnrolProgress, Verified};

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
    bench.sensor.wipe().await.unwrap();
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
    // Two against the first, and all three against the model.
    let told: Vec<(u8, u8)> = steps
        .iter()
        .filter_map(|step| {
            if let EnrolProgress::Captured(capture, quality) = step { Some((*capture, *quality)) } else { None }
        })
        .collect();
    assert_eq!(told.iter().map(|(capture, _)| *capture).collect::<Vec<_>>(), [2, 3, 1, 2, 3]);
    assert_eq!(told[2..].iter().map(|(_, quality)| *quality).min(), Some(enrolled.quality), "the worst of them");
    assert_eq!(steps.iter().position(|step| *step == EnrolProgress::Verifying), Some(steps.len() - 4));

    bench.twin.place(Some(1));
    let templates = [enrolled.template];
    assert_eq!(matches(&mut bench, &templates).await, [true]);
    bench.twin.place(Some(2));
    assert_eq!(matches(&mut bench, &templates).await, [false]);
    bench.twin.place(None);
    assert_eq!(bench.sensor.verify(&templates, soon()).await.unwrap(), Verified::NoFinger);
    bench.sensor.wipe().await.unwrap();
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

/// A template of a finger.
async fn template_of(bench: &mut Bench, finger: u64) -> Template {
    let (enrolled, _) = enrol(bench, &[finger]).await;
    enrolled.unwrap().template
}

#[tokio::test]
async fn what_goes_over_the_line_does_not_tell_which_template_matched() {
    let mut bench = bench().await;
    let templates = [template_of(&mut bench, 1).await, template_of(&mut bench, 2).await];
    let mut seen = Vec::new();
    for (finger, matched) in [(1, [true, false]), (2, [false, true]), (3, [false, false])] {
        let mut commands = bench.twin.listen();
        let before = bench.twin.traffic();
        // It lies there already: how often a sensor looks for a finger depends on when it comes, and on nothing else.
        bench.twin.place(Some(finger));
        assert_eq!(matches(&mut bench, &templates).await, matched, "finger {finger}");
        let after = bench.twin.traffic();
        let traffic = Traffic { received: after.received - before.received, sent: after.sent - before.sent };
        let asked: Vec<_> = std::iter::from_fn(|| commands.try_recv().ok()).collect();
        seen.push((asked, traffic));
    }
    let times = |command| seen[0].0.iter().filter(|asked| **asked == [command]).count();
    assert_eq!((times(command::MATCH), times(command::CAPTURE)), (2, 1), "captured once, compared with all");
    // Two templates go there and come back, and so does what wipes the buffers.
    let wiping_and_templates = 2 * 1_536 + 2 * 512;
    assert!(seen[0].1.received > wiping_and_templates && seen[0].1.sent > wiping_and_templates, "{:?}", seen[0].1);
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

#[tokio::test]
async fn a_template_is_loaded_while_the_finger_is_still_to_come() {
    let mut bench = bench().await;
    let templates = [template_of(&mut bench, 1).await];
    let place_of = |asked: &[Vec<u8>], command: u8| asked.iter().position(|payload| payload[0] == command);
    for comes_after_looks in [0, 1, 2, 5] {
        let mut commands = bench.twin.listen();
        bench.twin.place((comes_after_looks == 0).then_some(1));
        let twin = &bench.twin;
        let mut asked: Vec<Vec<u8>> = Vec::new();
        let person = async {
            let mut looks = 0;
            while let Some(command) = commands.recv().await {
                if command == [command::CAPTURE] {
                    looks += 1;
                    if looks == comes_after_looks {
                        twin.place(Some(1));
                    }
                }
                asked.push(command);
            }
        };
        let verified = tokio::select! {
            () = person => None,
            verified = bench.sensor.verify(&templates, later()) => Some(verified.unwrap()),
        };
        assert!(matches!(verified.as_ref(), Some(Verified::Compared(scores)) if scores[0].is_some()), "{verified:?}");
        while let Ok(command) = commands.try_recv() {
            asked.push(command);
        }
        let (loaded, extracted) = (place_of(&asked, command::WRITE_BUFFER), place_of(&asked, command::EXTRACT));
        let checked = place_of(&asked, command::READ_BUFFER);
        match comes_after_looks {
            0 => assert!(extracted < loaded, "it lay there: {asked:?}"),
            1 => assert!(loaded < extracted && extracted < checked, "it came with the template: {asked:?}"),
            _ => assert!(checked < extracted, "it came later: {asked:?}"),
        }
        bench.sensor.wipe().await.unwrap();
    }
}

#[tokio::test]
async fn a_template_that_stays_in_a_buffer_is_a_fault() {
    let mut bench = bench().await;
    let templates = [template_of(&mut bench, 1).await];
    bench.twin.place(Some(1));
    bench.twin.misbehave(SensorFault::KeepsTemplates);
    bench.sensor.verify(&templates, later()).await.unwrap();
    let error = bench.sensor.wipe().await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Protocol);
    assert!(matches!(error, SensorError::NotWiped), "{error}");
    bench.twin.misbehave(SensorFault::None);
    bench.sensor.wipe().await.unwrap();
}

#[tokio::test]
async fn a_decoy_is_a_template_like_any_other_and_no_finger_matches_it() {
    let mut bench = bench().await;
    let real = template_of(&mut bench, 1).await;
    let mut decoys = Vec::new();
    for _ in 0..2 {
        let made = bench.sensor.make_decoy((192, 192), || false).await.unwrap();
        let Decoy::Made(decoy) = made else { panic!("{made:?}") };
        assert_eq!(decoy.as_bytes().len(), real.as_bytes().len(), "of a model's length");
        decoys.push(decoy);
    }
    assert_ne!(decoys[0], decoys[1]);
    let templates = [decoys[0].clone(), real, decoys[1].clone()];
    bench.twin.place(Some(1));
    assert_eq!(matches(&mut bench, &templates).await, [false, true, false]);
    bench.twin.misbehave(SensorFault::AlwaysMatches);
    assert_eq!(matches(&mut bench, &templates).await, [true; 3], "so a liar is known");
}

#[tokio::test]
async fn an_image_is_given_up_for_whoever_waits_and_by_a_sensor_that_takes_none() {
    let mut bench = bench().await;
    let mut packets = 0;
    let is_awaited = || {
        packets += 1;
        packets == 20
    };
    assert!(matches!(bench.sensor.make_decoy((192, 192), is_awaited).await.unwrap(), Decoy::Interrupted));
    assert_eq!(packets, 20, "not one packet more");
    assert_eq!(bench.sensor.look().await.unwrap(), Capture::NoFinger, "and it goes on as if nothing had been");
    // The wrong size: nothing can be made out on it.
    assert!(matches!(bench.sensor.make_decoy((64, 64), || false).await.unwrap(), Decoy::Poor));
    bench.twin.rebuild(|build| build.takes_images = false);
    assert!(matches!(bench.sensor.make_decoy((192, 192), || false).await.unwrap(), Decoy::NotSupported));
}

#[tokio::test]
async fn it_says_who_it_is_as_far_as_it_knows() {
    let mut bench = bench().await;
    let first = bench.sensor.identity().await.unwrap();
    let product = first.product.clone().unwrap();
    assert_eq!((product.module.as_str(), product.serial.as_str()), ("TWIN", "00000001"));
    assert_eq!((product.width, product.height, product.template_bytes), (192, 192, 1_536));
    assert_eq!(bench.sensor.identity().await.unwrap(), first);
    bench.twin.rebuild(|build| build.serial = "00000002".to_owned());
    assert_ne!(bench.sensor.identity().await.unwrap(), first);
    bench.twin.rebuild(|build| build.is_newer = false);
    let older = bench.sensor.identity().await.unwrap();
    assert_eq!((&older.product, &older.algorithm, older.parameters), (&None, &None, first.parameters));
    assert!(older.to_string().starts_with("product not told, algorithm not told"), "{older}");
    bench.twin.misbehave(SensorFault::Hang);
    assert_eq!(bench.sensor.identity().await.unwrap_err().kind(), FaultKind::Timeout, "silence is no identity");
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
async fn a_sensor_in_the_middle_of_an_answer_to_a_program_that_ended_is_opened() {
    let mut bench = bench().await;
    bench.twin.place(Some(1));
    assert_eq!(bench.sensor.look().await.unwrap(), Capture::Taken);
    bench.sensor.extract(Buffer::Captured).await.unwrap();
    // Four packets of 24 ms each: some cuts fall before, some into each of them, the last behind all.
    let mut cut = 0;
    for cut_ms in (5..200).step_by(13) {
        let reading = bench.sensor.read_buffer(Buffer::Captured);
        cut += usize::from(tokio::time::timeout(Duration::from_millis(cut_ms), reading).await.is_err());
        drop(bench.sensor);
        let opened = SerialSensor::open_serial(&bench.path, BAUD_DEFAULT, 0).await;
        bench.sensor = opened.unwrap_or_else(|error| panic!("cut after {cut_ms} ms: {error}"));
        assert_eq!(bench.sensor.read_buffer(Buffer::Captured).await.unwrap().as_bytes().len(), 512);
    }
    assert!(cut >= 4, "it was hardly ever cut short: {cut}");
}

#[tokio::test]
async fn a_line_that_is_never_quiet_is_given_up() {
    let line = tokio::io::join(tokio::io::repeat(0x55), tokio::io::sink());
    let (decoder, address) = (Decoder::new(), ADDRESS_DEFAULT);
    let mut sensor = Sensor { line, decoder, address, packet_bytes: 128, baud: BAUD_DEFAULT, open: None };
    let error = sensor.read_away(QUIET_WAIT, Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(error.to_string(), "the sensor answered nothing with endless noise");
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
            assert!(left.as_bytes().iter().all(|byte| *byte == 0), "cut after {cut_ms} ms: something is left");
        }
        if !is_cut {
            return;
        }
    }
}

/// Whether both buffers are blank.
async fn is_wiped(bench: &mut Bench) -> bool {
    let mut is_blank = true;
    for buffer in [Buffer::Captured, Buffer::Reference] {
        let left = bench.sensor.read_buffer(buffer).await.unwrap();
        is_blank &= left.as_bytes().iter().all(|byte| *byte == 0);
    }
    is_blank
}

#[tokio::test]
async fn a_finger_among_others_is_found_one_to_one() {
    let mut bench = bench().await;
    let annas = template_of(&mut bench, 1).await;
    let others = [template_of(&mut bench, 2).await, template_of(&mut bench, 1).await, template_of(&mut bench, 3).await];
    bench.twin.place(None);
    let mut commands = bench.twin.listen();
    let mut passed = Vec::new();
    let same = bench.sensor.first_same(&annas, &others, |count| passed.push(count)).await.unwrap();
    assert_eq!((same, &passed), (Some(1), &vec![1]));
    let asked: Vec<u8> = std::iter::from_fn(|| commands.try_recv().ok()).map(|command| command[0]).collect();
    let allowed = [command::WRITE_BUFFER, command::READ_BUFFER, command::MATCH];
    assert!(asked.iter().all(|command| allowed.contains(command)), "neither searched, stored nor captured: {asked:?}");
    assert_eq!(asked.iter().filter(|command| **command == command::MATCH).count(), 2);
    assert!(is_wiped(&mut bench).await);

    passed.clear();
    let others = [others[0].clone(), others[2].clone()];
    let same = bench.sensor.first_same(&annas, &others, |count| passed.push(count)).await.unwrap();
    assert_eq!((same, &passed), (None, &vec![1, 2]));
    assert!(is_wiped(&mut bench).await);

    // One that stays is a fault, and not an answer.
    bench.twin.misbehave(SensorFault::KeepsTemplates);
    let error = bench.sensor.first_same(&annas, &others, |_| ()).await.unwrap_err();
    assert!(matches!(error, SensorError::NotWiped), "{error}");
}

#[tokio::test]
async fn a_sensor_that_hangs_among_others_is_told_within_five_seconds() {
    let mut bench = bench().await;
    let annas = template_of(&mut bench, 1).await;
    let others = [template_of(&mut bench, 2).await, template_of(&mut bench, 3).await];
    let (twin, mut since) = (&bench.twin, None);
    let hangs = |_| {
        twin.misbehave(SensorFault::Hang);
        since = Some(Instant::now());
    };
    let error = bench.sensor.first_same(&annas, &others, hangs).await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Timeout);
    let took = since.unwrap().elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}
