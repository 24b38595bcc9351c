//! Lines of a Raspberry Pi by its registers: needs `/dev/gpiomem`. Beside the default backend, for boards whose kernel
//! lacks the character device. Lines are BCM numbers.

use std::sync::{Mutex, PoisonError};

use ::rppal::gpio::{Gpio, InputPin, Level as PinLevel, OutputPin, Trigger};
use tokio::sync::mpsc;

use super::line::{DEBOUNCE, InputLine, Known, Level, LineId, LineOutputs, Lines, Output, OutputLine, Pins, Pull};
use super::{DoorInput, DoorIoError};

const PLACE: &str = "the board's GPIO";

/// Puts the strike's line to rest, and no other one.
pub(super) fn rest(strike: &OutputLine) -> Result<(), DoorIoError> {
    let board = Gpio::new().map_err(|error| DoorIoError::Gone { place: PLACE.into(), why: error.to_string() })?;
    let pin = pin(&board, &strike.line, Output::Strike.purpose())?;
    let mut pin = match level(strike.active, false) {
        PinLevel::High => pin.into_output_high(),
        PinLevel::Low => pin.into_output_low(),
    };
    // It stays driven, at rest, whatever it was before.
    pin.set_reset_on_drop(false);
    Ok(())
}

/// Opens the lines; the strike is at rest when this returns.
pub(super) fn open(lines: &Lines<'_>, inputs: mpsc::Sender<DoorInput>) -> Result<LineOutputs<BoardPins>, DoorIoError> {
    let board = Gpio::new().map_err(|error| DoorIoError::Gone { place: PLACE.into(), why: error.to_string() })?;
    let mut held = Vec::new();
    for (output, line) in lines.outputs() {
        let pin = pin(&board, &line.line, output.purpose())?;
        // The level is written before the direction changes, so that the line never shows another one.
        let pin = match level(line.active, false) {
            PinLevel::High => pin.into_output_high(),
            PinLevel::Low => pin.into_output_low(),
        };
        held.push((output, line.active, Mutex::new(pin)));
    }
    let mut watched = Vec::new();
    for (input, line) in lines.inputs() {
        let mut pin = biased(pin(&board, &line.line, input.purpose())?, line);
        let (inputs, active) = (inputs.clone(), line.active);
        let mut known = Known::default();
        // A new queue holds more than one level of each input.
        let _ = known.take(input, is_active(active, pin.read())).map(|news| inputs.try_send(news));
        let changed = move |edge: ::rppal::gpio::Event| {
            let now = if edge.trigger == Trigger::RisingEdge { PinLevel::High } else { PinLevel::Low };
            if let Some(news) = known.take(input, is_active(active, now)) {
                let _ = inputs.blocking_send(news);
            }
        };
        pin.set_async_interrupt(Trigger::Both, Some(DEBOUNCE), changed)
            .map_err(|error| refused(&line.line, input.purpose(), error.to_string()))?;
        watched.push(pin);
    }
    LineOutputs::new(BoardPins { outputs: held, _inputs: watched })
}

/// Lines of the board.
pub(super) struct BoardPins {
    outputs: Vec<(Output, Level, Mutex<OutputPin>)>,
    /// Interrupts end with them.
    _inputs: Vec<InputPin>,
}

impl Pins for BoardPins {
    fn set(&self, output: Output, is_active: bool) -> Result<(), DoorIoError> {
        if let Some((_, active, pin)) = self.outputs.iter().find(|(held, ..)| *held == output) {
            pin.lock().unwrap_or_else(PoisonError::into_inner).write(level(*active, is_active));
        }
        Ok(())
    }
}

fn pin(board: &Gpio, line: &LineId, purpose: &'static str) -> Result<::rppal::gpio::Pin, DoorIoError> {
    let number = match line {
        LineId::Offset(offset) => u8::try_from(*offset).ok(),
        LineId::Name(name) => name.strip_prefix("GPIO").and_then(|number| number.parse().ok()),
    };
    let number = number.ok_or_else(|| refused(line, purpose, "no BCM number".into()))?;
    board.get(number).map_err(|error| refused(line, purpose, error.to_string()))
}

fn biased(pin: ::rppal::gpio::Pin, line: &InputLine) -> InputPin {
    match line.pull {
        Pull::Up => pin.into_input_pullup(),
        Pull::Down => pin.into_input_pulldown(),
        Pull::None => pin.into_input(),
    }
}

/// Level that makes a line active or puts it to rest.
fn level(active: Level, is_active: bool) -> PinLevel {
    if (active == Level::High) == is_active { PinLevel::High } else { PinLevel::Low }
}

fn is_active(active: Level, now: PinLevel) -> bool {
    level(active, true) == now
}

fn refused(line: &LineId, purpose: &'static str, why: String) -> DoorIoError {
    DoorIoError::Line { place: PLACE.into(), line: line.to_string(), purpose, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_board_that_is_none_is_named() {
        let config = toml::from_str("backend = \"rppal\"\nstrike = { line = 17 }").unwrap();
        let error = crate::door_io::open(&config).await.err().unwrap();
        assert!(error.to_string().contains("GPIO"), "{error}");
    }

    #[test]
    fn polarity() {
        assert_eq!(level(Level::High, true), PinLevel::High);
        assert_eq!(level(Level::High, false), PinLevel::Low);
        assert_eq!(level(Level::Low, true), PinLevel::Low);
        assert_eq!(level(Level::Low, false), PinLevel::High);
        for active in [Level::High, Level::Low] {
            for wanted in [false, true] {
                assert_eq!(is_active(active, level(active, wanted)), wanted);
            }
        }
    }
}
