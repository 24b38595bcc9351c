//! What every GPIO backend shares: how lines are configured, which line shows what, and which input means what. Pure,
//! but for the sounder's timer; backends only carry levels.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;

use super::{Buzzer, DoorInput, DoorIoError, DoorOutputs, Light, Signal, WatchedInput};

/// Contacts bounce for some milliseconds; a level counts once it has stood for so long.
pub(super) const DEBOUNCE: Duration = Duration::from_millis(20);
/// Length of [`Buzzer::Short`].
const TONE_SHORT: Duration = Duration::from_millis(80);
/// Length of [`Buzzer::Long`].
const TONE_LONG: Duration = Duration::from_millis(600);

/// A line of a chip.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum LineId {
    /// Its number on the chip.
    Offset(u32),
    /// Its name, such as `GPIO17`.
    Name(String),
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(offset) => offset.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// Voltage on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Supply voltage.
    #[default]
    High,
    /// Ground.
    Low,
}

/// What holds an input when nothing drives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pull {
    /// Towards the supply: a switch to ground reads low when closed.
    #[default]
    Up,
    /// Towards ground.
    Down,
    /// Nothing; the board has resistors of its own.
    None,
}

/// A line that is driven.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputLine {
    /// Which.
    pub line: LineId,
    /// Level at which it does what it is for. High unless said otherwise: a line that nobody drives is pulled down and
    /// must release nothing.
    #[serde(default)]
    pub active: Level,
}

/// A line that is read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputLine {
    /// Which.
    pub line: LineId,
    /// Level at which the door is open, the request pressed, the housing open. Never guessed: it depends on the switch.
    pub active: Level,
    /// What holds it when the switch is open.
    #[serde(default)]
    pub pull: Pull,
}

/// Lines that are read, and on which nothing at the door depends. Each is active when it says what it is named for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchedLines {
    /// A reader's own switch.
    pub reader_tamper: Option<InputLine>,
    /// A fingerprint sensor's own switch.
    pub sensor_tamper: Option<InputLine>,
    /// The fire panel's contact. It is watched and nothing more: the panel cuts the lock's power by wire.
    pub fire: Option<InputLine>,
    /// The supply's contact for mains power.
    pub mains_lost: Option<InputLine>,
    /// The supply's contact for its battery.
    pub battery_low: Option<InputLine>,
    /// A detector or contact of the first zone.
    pub zone_1: Option<InputLine>,
    /// Of the second.
    pub zone_2: Option<InputLine>,
    /// Of the third.
    pub zone_3: Option<InputLine>,
    /// Of the fourth.
    pub zone_4: Option<InputLine>,
}

impl WatchedLines {
    /// Those that are wired.
    pub fn all(&self) -> impl Iterator<Item = (WatchedInput, &InputLine)> {
        let of = |input| match input {
            WatchedInput::ReaderTamper => &self.reader_tamper,
            WatchedInput::SensorTamper => &self.sensor_tamper,
            WatchedInput::Fire => &self.fire,
            WatchedInput::MainsLost => &self.mains_lost,
            WatchedInput::BatteryLow => &self.battery_low,
            WatchedInput::Zone1 => &self.zone_1,
            WatchedInput::Zone2 => &self.zone_2,
            WatchedInput::Zone3 => &self.zone_3,
            WatchedInput::Zone4 => &self.zone_4,
        };
        WatchedInput::ALL.into_iter().filter_map(move |input| Some((input, of(input).as_ref()?)))
    }
}

/// Lines of one door, as configured.
pub(super) struct Lines<'config> {
    pub(super) strike: &'config OutputLine,
    pub(super) led_green: &'config Option<OutputLine>,
    pub(super) led_red: &'config Option<OutputLine>,
    pub(super) led_blue: &'config Option<OutputLine>,
    pub(super) buzzer: &'config Option<OutputLine>,
    pub(super) contact: &'config Option<InputLine>,
    pub(super) rex: &'config Option<InputLine>,
    pub(super) tamper: &'config Option<InputLine>,
    pub(super) watched: &'config WatchedLines,
}

impl Lines<'_> {
    /// Those that are driven, the strike first.
    pub(super) fn outputs(&self) -> Vec<(Output, &OutputLine)> {
        let optional = [
            (Output::Green, self.led_green),
            (Output::Red, self.led_red),
            (Output::Blue, self.led_blue),
            (Output::Buzzer, self.buzzer),
        ];
        let optional = optional.into_iter().filter_map(|(output, line)| Some((output, line.as_ref()?)));
        std::iter::once((Output::Strike, self.strike)).chain(optional).collect()
    }

    /// Those that are read.
    pub(super) fn inputs(&self) -> Vec<(Input, &InputLine)> {
        let optional = [(Input::Contact, self.contact), (Input::Rex, self.rex), (Input::Tamper, self.tamper)];
        let named = optional.into_iter().filter_map(|(input, line)| Some((input, line.as_ref()?)));
        named.chain(self.watched.all().map(|(input, line)| (Input::Watched(input), line))).collect()
    }

    /// All, by what each is for.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, &LineId)> {
        let outputs = self.outputs().into_iter().map(|(output, line)| (output.purpose(), &line.line));
        let inputs = self.inputs().into_iter().map(|(input, line)| (input.purpose(), &line.line));
        outputs.chain(inputs)
    }
}

/// What a driven line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Strike,
    Green,
    Red,
    Blue,
    Buzzer,
}

impl Output {
    pub(super) fn purpose(self) -> &'static str {
        match self {
            Self::Strike => "strike",
            Self::Green => "led_green",
            Self::Red => "led_red",
            Self::Blue => "led_blue",
            Self::Buzzer => "buzzer",
        }
    }
}

/// What a line that is read is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    Contact,
    Rex,
    Tamper,
    Watched(WatchedInput),
}

/// How many inputs a door can have.
const INPUTS: usize = 3 + WatchedInput::ALL.len();

impl Input {
    pub(super) fn purpose(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Rex => "rex",
            Self::Tamper => "tamper",
            Self::Watched(input) => input.name(),
        }
    }

    fn place(self) -> usize {
        match self {
            Self::Contact => 0,
            Self::Rex => 1,
            Self::Tamper => 2,
            Self::Watched(input) => 3 + input as usize,
        }
    }

    fn changed(self, is_active: bool) -> DoorInput {
        match self {
            Self::Contact => DoorInput::Contact { is_open: is_active },
            Self::Rex => DoorInput::Rex { is_pressed: is_active },
            Self::Tamper => DoorInput::Tamper { is_tampered: is_active },
            Self::Watched(input) => DoorInput::Watched { input, is_active },
        }
    }
}

/// Last known levels of the inputs: tells changes from repetitions.
#[derive(Debug, Default)]
pub(super) struct Known([Option<bool>; INPUTS]);

impl Known {
    /// Takes a level; an input comes out if it is news.
    pub(super) fn take(&mut self, input: Input, is_active: bool) -> Option<DoorInput> {
        let known = &mut self.0[input.place()];
        (known.replace(is_active) != Some(is_active)).then(|| input.changed(is_active))
    }
}

/// Lines that a backend holds.
pub(super) trait Pins: Send + Sync + 'static {
    /// Sets a line active or at rest; does nothing for a line that is not configured.
    fn set(&self, output: Output, is_active: bool) -> Result<(), DoorIoError>;
}

/// A door's outputs over a backend's lines.
pub(super) struct LineOutputs<P> {
    pins: Arc<P>,
    buzzer: watch::Sender<Buzzer>,
}

impl<P: Pins> LineOutputs<P> {
    /// Takes the lines over. The strike is put to rest before anything else. Needs a runtime, for the sounder's timer.
    pub(super) fn new(pins: P) -> Result<Self, DoorIoError> {
        pins.set(Output::Strike, false)?;
        let pins = Arc::new(pins);
        let (buzzer, wanted) = watch::channel(Buzzer::Off);
        tokio::spawn(sound(pins.clone(), wanted));
        let mut outputs = Self { pins, buzzer };
        outputs.show(&Signal::default())?;
        Ok(outputs)
    }
}

impl<P: Pins> DoorOutputs for LineOutputs<P> {
    fn strike(&mut self, is_energised: bool) -> Result<(), DoorIoError> {
        self.pins.set(Output::Strike, is_energised)
    }

    fn show(&mut self, signal: &Signal) -> Result<(), DoorIoError> {
        for (output, is_lit) in lit(signal.light) {
            self.pins.set(output, is_lit)?;
        }
        self.buzzer.send_replace(signal.buzzer);
        Ok(())
    }
}

/// Which lights make which colour.
fn lit(light: Light) -> [(Output, bool); 3] {
    [
        (Output::Green, matches!(light, Light::Green | Light::Amber)),
        (Output::Red, matches!(light, Light::Red | Light::Amber)),
        (Output::Blue, light == Light::Waiting),
    ]
}

/// Plays what is wanted until nobody can want anything any more.
async fn sound<P: Pins>(pins: Arc<P>, mut wanted: watch::Receiver<Buzzer>) {
    loop {
        let tone = *wanted.borrow_and_update();
        let length = match tone {
            Buzzer::Off | Buzzer::Alarm => Duration::MAX,
            Buzzer::Short => TONE_SHORT,
            Buzzer::Long => TONE_LONG,
        };
        let set = |is_on| {
            if let Err(error) = pins.set(Output::Buzzer, is_on) {
                tracing::warn!(%error, "the sounder can't be set");
            }
        };
        set(tone != Buzzer::Off);
        let next = match tokio::time::timeout(length, wanted.changed()).await {
            Ok(next) => next,
            Err(_elapsed) => {
                set(false);
                wanted.changed().await
            }
        };
        if next.is_err() {
            set(false);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    struct Recorded(mpsc::UnboundedSender<(Output, bool)>);

    impl Pins for Recorded {
        fn set(&self, output: Output, is_active: bool) -> Result<(), DoorIoError> {
            let gone =
                |error: mpsc::error::SendError<_>| DoorIoError::Gone { place: "bench".into(), why: error.to_string() };
            self.0.send((output, is_active)).map_err(gone)
        }
    }

    #[tokio::test]
    async fn the_strike_rests_first_and_tones_end() {
        let (pins, mut set) = mpsc::unbounded_channel();
        let mut outputs = LineOutputs::new(Recorded(pins)).unwrap();
        assert_eq!(set.recv().await, Some((Output::Strike, false)), "before anything else");
        for expected in [(Output::Green, false), (Output::Red, false), (Output::Blue, false), (Output::Buzzer, false)] {
            assert_eq!(set.recv().await, Some(expected));
        }
        outputs.strike(true).unwrap();
        assert_eq!(set.recv().await, Some((Output::Strike, true)));

        let began = std::time::Instant::now();
        outputs.show(&Signal { light: Light::Amber, buzzer: Buzzer::Short, line: String::new() }).unwrap();
        for expected in [(Output::Green, true), (Output::Red, true), (Output::Blue, false), (Output::Buzzer, true)] {
            assert_eq!(set.recv().await, Some(expected));
        }
        assert_eq!(set.recv().await, Some((Output::Buzzer, false)));
        assert!(began.elapsed() >= TONE_SHORT);

        outputs.show(&Signal { light: Light::Waiting, buzzer: Buzzer::Alarm, line: String::new() }).unwrap();
        drop(outputs);
        for expected in [(Output::Green, false), (Output::Red, false), (Output::Blue, true)] {
            assert_eq!(set.recv().await, Some(expected));
        }
        let mut last = None;
        while let Some(next) = set.recv().await {
            last = Some(next);
        }
        assert_eq!(last, Some((Output::Buzzer, false)), "an alarm does not outlive its door");
    }

    #[test]
    fn only_news_come_out() {
        let mut known = Known::default();
        assert_eq!(known.take(Input::Contact, false), Some(DoorInput::Contact { is_open: false }));
        assert_eq!(known.take(Input::Contact, false), None);
        assert_eq!(known.take(Input::Rex, true), Some(DoorInput::Rex { is_pressed: true }));
        assert_eq!(known.take(Input::Tamper, true), Some(DoorInput::Tamper { is_tampered: true }));
        assert_eq!(known.take(Input::Contact, true), Some(DoorInput::Contact { is_open: true }));
        for input in WatchedInput::ALL {
            let news = Some(DoorInput::Watched { input, is_active: true });
            assert_eq!(known.take(Input::Watched(input), true), news, "each by itself");
            assert_eq!(known.take(Input::Watched(input), true), None);
        }
    }

    #[test]
    fn a_line_is_a_name_or_a_number_and_an_inputs_level_is_never_guessed() {
        let output: OutputLine = toml::from_str("line = \"GPIO17\"").unwrap();
        assert_eq!(output, OutputLine { line: LineId::Name("GPIO17".into()), active: Level::High });
        let input: InputLine = toml::from_str("line = 22\nactive = \"low\"").unwrap();
        assert_eq!(input, InputLine { line: LineId::Offset(22), active: Level::Low, pull: Pull::Up });
        for (text, named) in [
            ("line = 22", "active"),
            ("line = 22\nactive = \"on\"", "on"),
            ("line = 2\nactive = \"low\"\nbias = 1", "bias"),
        ] {
            let error = toml::from_str::<InputLine>(text).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
