//! What is tried at a door, in which order, and what everything that happens meanwhile means. Pure: no clock, no device.

use std::fmt;

use access_core::event::TrialStep;
use access_core::policy::Side;
use hardware::door_io::{Buzzer, DoorInput, DoorIoConfig, Light, Signal};

use crate::config::DoorConfig;

/// A line that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Door position switch; active means open.
    Contact,
    /// Request to exit; active means pressed.
    Rex,
    /// Switch in the housing; active means opened.
    Tamper,
}

/// One thing to be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// At the beginning a line says that nothing is happening.
    Rests(Line),
    /// The strike is energised and heard.
    Strike,
    /// The released door is opened.
    Opens,
    /// It falls shut.
    Shuts,
    /// With the strike at rest it can't be opened.
    Holds,
    /// A line says that something is happening.
    Acts(Line),
    /// And that it is over.
    Ends(Line),
    /// A light at the reader.
    Light(Light),
    /// The sounder at the reader.
    Sound,
    /// A card at the reader of a side.
    Card(Side),
    /// A finger at the sensor of a side.
    Finger(Side),
    /// Digits at the keypad of a side.
    Keypad(Side),
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not so; what is wrong, for the installer.
    Failed(String),
    /// The installer left it out.
    Skipped,
}

/// What is said of a step that was left out.
pub(super) const SKIPPED: &str = "given up by the installer";

/// Levels of the inputs, none for those that the door does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Levels {
    pub(super) contact: Option<bool>,
    pub(super) rex: Option<bool>,
    pub(super) tamper: Option<bool>,
}

impl Levels {
    pub(super) fn take(&mut self, input: &DoorInput) {
        match level_of(input) {
            Some((Line::Contact, level)) => self.contact = Some(level),
            Some((Line::Rex, level)) => self.rex = Some(level),
            Some((Line::Tamper, level)) => self.tamper = Some(level),
            None => {}
        }
    }

    fn of(&self, line: Line) -> Option<bool> {
        match line {
            Line::Contact => self.contact,
            Line::Rex => self.rex,
            Line::Tamper => self.tamper,
        }
    }
}

/// Something that happened while a step waits.
pub(super) enum Seen {
    Input(DoorInput),
    Card(Side),
    Unreadable(Side, String),
    ReaderGone(Side, String),
    Answer(String),
}

/// What it means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Nothing for this step.
    Wait,
    /// What to say if nothing better comes.
    Note(String),
    /// The step is over.
    Done(Outcome),
}

fn passed() -> Judgement {
    Judgement::Done(Outcome::Passed)
}

fn failed(why: impl Into<String>) -> Judgement {
    Judgement::Done(Outcome::Failed(why.into()))
}

/// What is to be tried at a door, in order.
pub(super) fn steps(door: &DoorConfig, levels: &Levels) -> Vec<Step> {
    let lines = [Line::Contact, Line::Rex, Line::Tamper].into_iter().filter(|line| levels.of(*line).is_some());
    let mut steps: Vec<Step> = lines.clone().map(Step::Rests).collect();
    steps.push(Step::Strike);
    if levels.contact.is_some() {
        steps.extend([Step::Opens, Step::Shuts]);
    }
    steps.push(Step::Holds);
    let others = lines.filter(|line| *line != Line::Contact);
    steps.extend(others.flat_map(|line| [Step::Acts(line), Step::Ends(line)]));
    steps.extend(signals(&door.io));
    let sides = [Side::In, Side::Out];
    steps.extend(sides.into_iter().filter(|side| door.side(*side).reader.is_some()).map(Step::Card));
    steps.extend(sides.into_iter().filter(|side| door.side(*side).sensor.is_some()).map(Step::Finger));
    steps.extend(sides.into_iter().filter(|side| door.side(*side).keypad.is_some()).map(Step::Keypad));
    steps
}

/// Lights and sounder, as far as they are wired.
fn signals(io: &DoorIoConfig) -> Vec<Step> {
    let (green, red, blue, buzzer) = match io {
        DoorIoConfig::Gpiocdev { led_green, led_red, led_blue, buzzer, .. }
        | DoorIoConfig::Rppal { led_green, led_red, led_blue, buzzer, .. } => {
            (led_green.is_some(), led_red.is_some(), led_blue.is_some(), buzzer.is_some())
        }
        DoorIoConfig::Virtual { .. } => (true, true, true, true),
    };
    let all = [
        (green, Step::Light(Light::Green)),
        (red, Step::Light(Light::Red)),
        (blue, Step::Light(Light::Waiting)),
        (buzzer, Step::Sound),
    ];
    all.into_iter().filter(|(is_wired, _)| *is_wired).map(|(_, step)| step).collect()
}

/// What a step finds when it begins.
pub(super) fn begin(step: Step, levels: &Levels) -> Judgement {
    match step {
        Step::Rests(line) | Step::Ends(line) if levels.of(line) == Some(false) => passed(),
        Step::Shuts if levels.contact == Some(false) => passed(),
        Step::Acts(line) if levels.of(line) == Some(true) => {
            failed(format!("{line} says so before anything was done: turn its active level round, or check its wire"))
        }
        _ => Judgement::Wait,
    }
}

/// What something that happened means for a step.
pub(super) fn judge(step: Step, seen: &Seen) -> Judgement {
    match seen {
        Seen::Input(DoorInput::Lost(why)) => failed(format!("the inputs can't be read: {why}")),
        Seen::Input(input) => match level_of(input) {
            Some((line, level)) => judge_level(step, line, level),
            None => Judgement::Wait,
        },
        Seen::Card(side) => match step {
            Step::Card(wanted) if wanted == *side => passed(),
            Step::Card(_) => failed(format!(
                "the card was read at the other reader, side {side}: readers are mixed up in agent.toml"
            )),
            _ => Judgement::Wait,
        },
        Seen::Unreadable(side, why) => match step {
            Step::Card(wanted) if wanted == *side => Judgement::Note(format!("a card was seen and not read: {why}")),
            _ => Judgement::Wait,
        },
        Seen::ReaderGone(side, why) => match step {
            Step::Card(wanted) if wanted == *side => Judgement::Note(format!("the reader is not there: {why}")),
            _ => Judgement::Wait,
        },
        Seen::Answer(answer) => judge_answer(step, answer),
    }
}

fn judge_level(step: Step, line: Line, level: bool) -> Judgement {
    match step {
        Step::Rests(wanted) | Step::Ends(wanted) if wanted == line && !level => passed(),
        Step::Acts(wanted) if wanted == line && level => passed(),
        Step::Opens if line == Line::Contact && level => passed(),
        Step::Shuts if line == Line::Contact && !level => passed(),
        Step::Holds if line == Line::Contact && level => failed(
            "the door was opened with the strike at rest: strike and relay contact do not go together, or it does not latch",
        ),
        Step::Acts(wanted) if level => Judgement::Note(format!(
            "{line} changed instead of {wanted}: their wires, or their lines in agent.toml, are mixed up"
        )),
        _ => Judgement::Wait,
    }
}

fn judge_answer(step: Step, answer: &str) -> Judgement {
    let is_question = matches!(step, Step::Strike | Step::Holds | Step::Light(_) | Step::Sound);
    match (is_question, answer.trim().to_lowercase().as_str()) {
        (true, "y" | "yes") => passed(),
        (true, "n" | "no") => failed(step.refused()),
        (true, _) => Judgement::Wait,
        (false, "s") => Judgement::Done(Outcome::Skipped),
        (false, _) => Judgement::Wait,
    }
}

fn level_of(input: &DoorInput) -> Option<(Line, bool)> {
    match input {
        DoorInput::Contact { is_open } => Some((Line::Contact, *is_open)),
        DoorInput::Rex { is_pressed } => Some((Line::Rex, *is_pressed)),
        DoorInput::Tamper { is_tampered } => Some((Line::Tamper, *is_tampered)),
        _ => None,
    }
}

impl Step {
    /// Its word in the record.
    pub fn word(self) -> TrialStep {
        match self {
            Self::Rests(Line::Contact) => TrialStep::ContactRests,
            Self::Rests(Line::Rex) => TrialStep::RexRests,
            Self::Rests(Line::Tamper) => TrialStep::TamperRests,
            Self::Acts(Line::Contact) => TrialStep::ContactActs,
            Self::Acts(Line::Rex) => TrialStep::RexActs,
            Self::Acts(Line::Tamper) => TrialStep::TamperActs,
            Self::Ends(Line::Contact) => TrialStep::ContactEnds,
            Self::Ends(Line::Rex) => TrialStep::RexEnds,
            Self::Ends(Line::Tamper) => TrialStep::TamperEnds,
            Self::Card(Side::In) => TrialStep::CardIn,
            Self::Card(Side::Out) => TrialStep::CardOut,
            Self::Finger(Side::In) => TrialStep::FingerIn,
            Self::Finger(Side::Out) => TrialStep::FingerOut,
            Self::Keypad(Side::In) => TrialStep::KeypadIn,
            Self::Keypad(Side::Out) => TrialStep::KeypadOut,
            Self::Strike => TrialStep::Strike,
            Self::Opens => TrialStep::Opens,
            Self::Shuts => TrialStep::Shuts,
            Self::Holds => TrialStep::Holds,
            Self::Light(Light::Green) => TrialStep::LightGreen,
            Self::Light(Light::Red) => TrialStep::LightRed,
            Self::Light(Light::Waiting) => TrialStep::LightBlue,
            Self::Light(Light::Amber) => TrialStep::LightAmber,
            Self::Light(Light::Off) => TrialStep::LightOff,
            Self::Sound => TrialStep::Sound,
        }
    }

    /// What the installer is asked to do.
    pub(super) fn prompt(self, door: &str) -> String {
        match self {
            Self::Rests(Line::Contact) => format!("Close {door}."),
            Self::Rests(Line::Rex) => "Leave the exit button alone.".to_owned(),
            Self::Rests(Line::Tamper) => "Close the housing.".to_owned(),
            Self::Strike => "The strike is released now: is it heard? y or n".to_owned(),
            Self::Opens => "It is released still: open the door and hold it open.".to_owned(),
            Self::Shuts => "Let the door fall shut.".to_owned(),
            Self::Holds => "The strike is at rest: pull at the door. Does it stay shut? y or n".to_owned(),
            Self::Acts(Line::Rex) => "Press the exit button now and keep it pressed.".to_owned(),
            Self::Ends(Line::Rex) => "Let the exit button go.".to_owned(),
            Self::Acts(Line::Tamper) => "Open the housing.".to_owned(),
            Self::Ends(Line::Tamper) => "Close the housing again.".to_owned(),
            Self::Acts(Line::Contact) => "Open the door.".to_owned(),
            Self::Ends(Line::Contact) => "Close the door.".to_owned(),
            Self::Light(light) => format!("Does the reader show {}, and nothing else? y or n", colour(light)),
            Self::Sound => "Did the reader sound once? y or n".to_owned(),
            Self::Card(side) => format!("Hold a card to the reader {}.", place(side)),
            Self::Finger(side) => format!("Place a finger on the sensor {}.", place(side)),
            Self::Keypad(side) => format!("Type some digits on the keypad {}, then Enter. Not your PIN.", place(side)),
        }
    }

    /// What is wrong when the time is over.
    pub(super) fn nothing_came(self) -> &'static str {
        match self {
            Self::Rests(Line::Contact) => {
                "the contact says open: turn its active level round, or check its wire and magnet"
            }
            Self::Rests(Line::Rex) => "the exit button says pressed: turn its active level round, or check its wire",
            Self::Rests(Line::Tamper) => "the housing says open: turn its active level round, or check its switch",
            Self::Opens => {
                "the contact did not say open: if the door did open, check its wire; if not, check strike and power"
            }
            Self::Shuts => "the contact did not say closed: check the door closer, and magnet and wire of the contact",
            Self::Acts(Line::Rex) => {
                "nothing came: check the button's wire, its line in agent.toml, its pull and active level"
            }
            Self::Acts(_) => {
                "nothing came: check the switch, its wire, its line in agent.toml, its pull and active level"
            }
            Self::Ends(_) => "it does not end: the button or switch sticks, or its wire is broken",
            Self::Card(_) => {
                "no card was read: try another card, another place on the reader; pforte-agent doctor says how it is"
            }
            Self::Finger(_) => "no finger was seen: press it flat and dry; pforte-agent doctor says how the sensor is",
            Self::Keypad(_) => "no digits and Enter came: are its numbers switched on, and is it this device?",
            Self::Strike | Self::Holds | Self::Light(_) | Self::Sound => "nobody answered",
        }
    }

    /// What is wrong when the installer says no.
    fn refused(self) -> &'static str {
        match self {
            Self::Strike => {
                "the strike is not heard: check the relay (does it click?), the strike's power and its wires"
            }
            Self::Holds => {
                "the door does not stay shut: strike and relay contact do not go together, or it does not latch"
            }
            Self::Light(_) => "the light is not as it must be: check its line in agent.toml and its active level",
            Self::Sound => "the sounder is not heard: check its line in agent.toml and its active level",
            _ => "not so",
        }
    }

    /// Whether the strike is energised while this is tried.
    pub(super) fn is_strike_energised(self) -> bool {
        matches!(self, Self::Strike | Self::Opens)
    }

    /// Whether it stays so for the next step.
    pub(super) fn leaves_strike_energised(self, levels: &Levels) -> bool {
        self == Self::Strike && levels.contact.is_some()
    }

    /// What the reader shows meanwhile.
    pub(super) fn signal(self) -> Signal {
        match self {
            Self::Light(light) => Signal { light, ..Signal::default() },
            Self::Sound => Signal { buzzer: Buzzer::Long, ..Signal::default() },
            _ => Signal::default(),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Contact => "the contact",
            Self::Rex => "the exit button",
            Self::Tamper => "the housing's switch",
        })
    }
}

fn colour(light: Light) -> &'static str {
    match light {
        Light::Green => "green",
        Light::Red => "red",
        Light::Waiting => "blue",
        Light::Amber => "amber",
        Light::Off => "no light",
    }
}

fn place(side: Side) -> &'static str {
    match side {
        Side::In => "outside",
        Side::Out => "inside",
    }
}
