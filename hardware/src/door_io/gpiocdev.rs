//! Lines of a GPIO chip by the kernel's character device (the default backend).
//!
//! The kernel inverts and debounces. One request holds all outputs, another one all inputs; a thread waits for edges and,
//! when none come, reads the levels again, so that an edge lost by the kernel's queue is made good.

use std::path::Path;
use std::time::Duration;

use ::gpiocdev::line::{Bias, EdgeDetection, Offset, Value};
use ::gpiocdev::request::Config;
use ::gpiocdev::{Chip, Error, Request};
use tokio::sync::mpsc;

use super::line::{
    DEBOUNCE, Input, InputLine, Known, Level, LineId, LineOutputs, Lines, Output, OutputLine, Pins, Pull,
};
use super::{DoorInput, DoorIoError, LineView};

/// Who holds the lines, as `gpioinfo` shows it.
pub const CONSUMER: &str = "pforte";
/// Levels are read again when no edge came for so long. Also how fast the thread ends.
const RECHECK: Duration = Duration::from_millis(500);
/// Pause before inputs that can't be read are tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Opens the lines; the strike is at rest when this returns.
pub(super) fn open(
    chip_path: &Path,
    lines: &Lines<'_>,
    inputs: mpsc::Sender<DoorInput>,
) -> Result<LineOutputs<ChipPins>, DoorIoError> {
    let chip = Chip::from_path(chip_path).map_err(|error| gone(chip_path, &error))?;
    let outputs = LineOutputs::new(ChipPins::request(&chip, lines)?)?;
    if let Some(watch) = InputWatch::request(&chip, lines)? {
        std::thread::Builder::new()
            .name("door inputs".into())
            .spawn(move || watch.run(&inputs))
            .map_err(|error| DoorIoError::Gone { place: shown(chip_path), why: error.to_string() })?;
    }
    Ok(outputs)
}

/// Takes the strike's line alone, which puts it to rest, and lets go of it again.
pub(super) fn rest(chip_path: &Path, strike: &OutputLine) -> Result<(), DoorIoError> {
    let chip = Chip::from_path(chip_path).map_err(|error| gone(chip_path, &error))?;
    let mut config = Config::default();
    config.on_chip(chip.path());
    output_config(&mut config, offset(&chip, &strike.line, Output::Strike.purpose())?, strike);
    let request = Request::from_config(config).with_consumer(CONSUMER).request();
    request.map(drop).map_err(|error| refused(chip.path(), &strike.line, Output::Strike.purpose(), &error))
}

/// Looks at the lines without taking any.
pub(super) fn inspect(chip_path: &Path, lines: &Lines<'_>) -> Result<Vec<Result<LineView, DoorIoError>>, DoorIoError> {
    let chip = Chip::from_path(chip_path).map_err(|error| gone(chip_path, &error))?;
    let view = |(purpose, line): (&'static str, &LineId)| {
        let info = chip.line_info(offset(&chip, line, purpose)?);
        let info = info.map_err(|error| refused(chip.path(), line, purpose, &error))?;
        Ok(LineView { purpose, line: line.to_string(), held_by: info.used.then_some(info.consumer) })
    };
    Ok(lines.named().map(view).collect())
}

/// Outputs of a chip.
pub(super) struct ChipPins {
    place: String,
    request: Request,
    lines: Vec<(Output, LineId, Offset)>,
}

impl ChipPins {
    fn request(chip: &Chip, lines: &Lines<'_>) -> Result<Self, DoorIoError> {
        let mut config = Config::default();
        config.on_chip(chip.path());
        let mut held = Vec::new();
        for (output, line) in lines.outputs() {
            let offset = offset(chip, &line.line, output.purpose())?;
            output_config(&mut config, offset, line);
            held.push((output, line.line.clone(), offset));
        }
        let request = Request::from_config(config).with_consumer(CONSUMER).request();
        let request = request.map_err(|error| refused(chip.path(), &lines.strike.line, "strike and lights", &error))?;
        Ok(Self { place: shown(chip.path()), request, lines: held })
    }
}

impl Pins for ChipPins {
    fn set(&self, output: Output, is_active: bool) -> Result<(), DoorIoError> {
        let Some((_, line, offset)) = self.lines.iter().find(|(held, ..)| *held == output) else { return Ok(()) };
        self.request.set_value(*offset, Value::from(is_active)).map(drop).map_err(|error| DoorIoError::Line {
            place: self.place.clone(),
            line: line.to_string(),
            purpose: output.purpose(),
            why: error.to_string(),
        })
    }
}

/// Inputs of a chip.
struct InputWatch {
    request: Request,
    lines: Vec<(Input, Offset)>,
}

/// Nobody takes inputs any more.
struct Ended;

impl InputWatch {
    fn request(chip: &Chip, lines: &Lines<'_>) -> Result<Option<Self>, DoorIoError> {
        let mut config = Config::default();
        config.on_chip(chip.path());
        let mut held = Vec::new();
        for (input, line) in lines.inputs() {
            let offset = offset(chip, &line.line, input.purpose())?;
            input_config(&mut config, offset, line);
            held.push((input, offset));
        }
        let Some((_, first)) = lines.inputs().into_iter().next() else { return Ok(None) };
        let request = Request::from_config(config).with_consumer(CONSUMER).request();
        let request = request.map_err(|error| refused(chip.path(), &first.line, "inputs", &error))?;
        Ok(Some(Self { request, lines: held }))
    }

    fn run(self, inputs: &mpsc::Sender<DoorInput>) {
        while let Ok(error) = self.follow(inputs) {
            if inputs.blocking_send(DoorInput::Lost(error.to_string())).is_err() {
                return;
            }
            // Until it answers again or nobody listens.
            loop {
                std::thread::park_timeout(RETRY_PAUSE);
                if inputs.is_closed() {
                    return;
                }
                if self.lines.first().is_some_and(|(_, offset)| self.request.value(*offset).is_ok()) {
                    break;
                }
            }
            if inputs.blocking_send(DoorInput::Back).is_err() {
                return;
            }
        }
    }

    /// Delivers levels and changes until the chip fails.
    fn follow(&self, inputs: &mpsc::Sender<DoorInput>) -> Result<Error, Ended> {
        let mut known = Known::default();
        loop {
            for (input, offset) in &self.lines {
                match self.request.value(*offset) {
                    Ok(value) => deliver(inputs, known.take(*input, value == Value::Active))?,
                    Err(error) => return Ok(error),
                }
            }
            match self.request.wait_edge_event(RECHECK) {
                Ok(false) if inputs.is_closed() => return Err(Ended),
                Ok(false) => {}
                Ok(true) => match self.request.read_edge_event() {
                    Ok(edge) => {
                        let is_active = edge.kind == ::gpiocdev::line::EdgeKind::Rising;
                        if let Some((input, _)) = self.lines.iter().find(|(_, offset)| *offset == edge.offset) {
                            deliver(inputs, known.take(*input, is_active))?;
                        }
                    }
                    Err(error) => return Ok(error),
                },
                Err(error) => return Ok(error),
            }
        }
    }
}

fn deliver(inputs: &mpsc::Sender<DoorInput>, news: Option<DoorInput>) -> Result<(), Ended> {
    news.map_or(Ok(()), |input| inputs.blocking_send(input).map_err(|_closed| Ended))
}

fn output_config(config: &mut Config, offset: Offset, line: &OutputLine) {
    config.with_line(offset).as_output(Value::Inactive);
    match line.active {
        Level::High => config.as_active_high(),
        Level::Low => config.as_active_low(),
    };
}

fn input_config(config: &mut Config, offset: Offset, line: &InputLine) {
    config.with_line(offset).as_input();
    match line.active {
        Level::High => config.as_active_high(),
        Level::Low => config.as_active_low(),
    };
    config.with_bias(match line.pull {
        Pull::Up => Bias::PullUp,
        Pull::Down => Bias::PullDown,
        Pull::None => Bias::Disabled,
    });
    config.with_edge_detection(EdgeDetection::BothEdges).with_debounce_period(DEBOUNCE);
}

fn offset(chip: &Chip, line: &LineId, purpose: &'static str) -> Result<Offset, DoorIoError> {
    let why = match line {
        LineId::Offset(offset) => match chip.line_info(*offset) {
            Ok(_) => return Ok(*offset),
            Err(_) => "the chip has no line of this number",
        },
        LineId::Name(name) => match chip.find_line_info(name) {
            Some(info) => return Ok(info.offset),
            None => "the chip has no line of this name",
        },
    };
    let (place, line) = (shown(chip.path()), line.to_string());
    Err(DoorIoError::Line { place, line, purpose, why: why.into() })
}

fn refused(chip: &Path, line: &LineId, purpose: &'static str, error: &Error) -> DoorIoError {
    DoorIoError::Line { place: shown(chip), line: line.to_string(), purpose, why: error.to_string() }
}

fn gone(chip: &Path, error: &Error) -> DoorIoError {
    DoorIoError::Gone { place: shown(chip), why: error.to_string() }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FaultKind;

    #[tokio::test]
    async fn a_chip_that_is_not_there_is_named() {
        let strike = OutputLine { line: LineId::Offset(17), active: Level::High };
        let none = None;
        let lines = Lines {
            strike: &strike,
            led_green: &none,
            led_red: &none,
            led_blue: &none,
            buzzer: &none,
            contact: &None,
            rex: &None,
            tamper: &None,
            watched: &super::super::WatchedLines::default(),
        };
        for chip in ["/dev/gpiochip-of-no-board", "/dev/null"] {
            let error = open(Path::new(chip), &lines, mpsc::channel(1).0).err().unwrap();
            assert!(error.to_string().contains(chip), "{error}");
            assert_eq!(error.kind(), FaultKind::Disconnected, "{error}");
            let unseen = inspect(Path::new(chip), &lines).unwrap_err();
            assert_eq!(unseen.to_string(), error.to_string(), "looking finds what opening finds");
            let unrested = rest(Path::new(chip), &strike).unwrap_err();
            assert_eq!(unrested.to_string(), error.to_string(), "and so does putting to rest");
        }
    }

    #[test]
    fn polarity_pull_and_debouncing_reach_the_kernel_for_each_line() {
        let mut config = Config::default();
        let input = |offset, active, pull| InputLine { line: LineId::Offset(offset), active, pull };
        input_config(&mut config, 5, &input(5, Level::High, Pull::Up));
        input_config(&mut config, 6, &input(6, Level::Low, Pull::Down));
        input_config(&mut config, 7, &input(7, Level::High, Pull::None));
        let check = |offset, is_active_low, bias| {
            let line = config.line_config(offset).unwrap();
            assert_eq!((line.active_low, line.bias), (is_active_low, Some(bias)), "line {offset}");
            assert_eq!(line.debounce_period, Some(DEBOUNCE), "line {offset}");
            assert_eq!(line.edge_detection, Some(EdgeDetection::BothEdges), "line {offset}");
        };
        check(5, false, Bias::PullUp);
        check(6, true, Bias::PullDown);
        check(7, false, Bias::Disabled);

        let mut config = Config::default();
        output_config(&mut config, 17, &OutputLine { line: LineId::Offset(17), active: Level::High });
        output_config(&mut config, 18, &OutputLine { line: LineId::Offset(18), active: Level::Low });
        for (offset, is_active_low) in [(17, false), (18, true)] {
            let line = config.line_config(offset).unwrap();
            assert_eq!((line.active_low, line.value), (is_active_low, Some(Value::Inactive)), "line {offset}");
        }
    }
}
