//! What the person at a door sees and hears, in light, sound and a few words. Words for people at a door, not reasons:
//! why somebody was refused is nobody else's business.

use access_core::verdict::Reason;
use hardware::door_io::{Buzzer, Light, Signal};

use crate::door::Face;

/// A face as the reader shows it.
pub fn signal(face: Face) -> Signal {
    let (light, buzzer, line) = match face {
        Face::Ready => (Light::Off, Buzzer::Off, "Card, please"),
        Face::Wait => (Light::Waiting, Buzzer::Off, "One moment"),
        Face::TypePin => (Light::Waiting, Buzzer::Short, "PIN, please"),
        Face::PlaceFinger => (Light::Waiting, Buzzer::Short, "Finger, please"),
        Face::HoldCard => (Light::Waiting, Buzzer::Short, "Hold the card longer"),
        Face::Granted => (Light::Green, Buzzer::Short, "Come in"),
        Face::Free => (Light::Green, Buzzer::Off, "Door is unlocked"),
        Face::WaitFor(reason) => (Light::Waiting, Buzzer::Short, refusal(reason)),
        Face::Refused(reason) => (Light::Red, Buzzer::Long, refusal(reason)),
        Face::NotRead => (Light::Red, Buzzer::Short, "Not read, once more"),
        Face::CloseDoor => (Light::Amber, Buzzer::Short, "Close the door"),
        Face::Alarm => (Light::Red, Buzzer::Alarm, "Alarm"),
    };
    Signal { light, buzzer, line: line.to_owned() }
}

/// What helps the person to do better, and else only no.
fn refusal(reason: Reason) -> &'static str {
    match reason {
        Reason::FingerTimeout => "No finger, once more",
        Reason::WrongFinger => "Not matched, once more",
        Reason::FingerPaused => "Too many tries, wait",
        Reason::PinTimeout => "No PIN, once more",
        Reason::WrongPin => "Not matched, once more",
        Reason::EscortRequired => "Wait for your escort",
        Reason::SecondPersonRequired => "Wait for a second person",
        Reason::Interlock => "Other door first",
        Reason::AreaFull => "Full",
        Reason::SensorFault | Reason::KeypadFault | Reason::DoorFault | Reason::NotRecorded => "Out of order",
        Reason::NoPolicy | Reason::PolicyTooOld | Reason::ClockNotTrusted | Reason::PinDelayed => "Not now",
        _ => "No entry",
    }
}
