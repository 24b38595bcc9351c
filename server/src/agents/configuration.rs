//! The configuration file that an agent starts from, with everything the server knows of it filled in. The other half, what
//! is wired where, only the installer knows. An agent's own test reads what is written here.

use access_core::protocol::InstallationMode;

use super::store::NamedDoor;

const HEAD: &str =
    "# Wiring of one Pforte agent. Address and ids come from the server; check every line and reader below
# against this machine, then: pforte-agent run --check-config --config /etc/pforte/agent.toml
";

const LINES: &str = r#"
[door.io]
backend = "gpiocdev"
chip = "/dev/gpiochip0"
strike = { line = "STRIKE" }
# led_green = { line = "GPIO23" }
# led_red = { line = "GPIO24" }
# led_blue = { line = "GPIO18" }
# buzzer = { line = "GPIO25" }
# contact = { line = "GPIO22", active = "high", pull = "up" }
# rex = { line = "GPIO27", active = "low", pull = "up" }
# tamper = { line = "GPIO5", active = "high", pull = "up" }

# Lines that are only watched: recorded and an alarm each, and no door is released or kept shut by them.
# [door.io.watched]
# fire = { line = "GPIO6", active = "high", pull = "up" }
# mains_lost = { line = "GPIO13", active = "high", pull = "up" }
# battery_low = { line = "GPIO16", active = "high", pull = "up" }
# reader_tamper = { line = "GPIO20", active = "high", pull = "up" }
# sensor_tamper = { line = "GPIO21", active = "high", pull = "up" }
# zone_1 = { line = "GPIO19", active = "high", pull = "up" }

# Outside. A reader by serial number or name, a sensor by a path that stays, a keypad for PINs of those who are exempt from the finger.
[door.in]
# reader = { serial = "RR123-456789" }
# sensor = { path = "/dev/serial/by-path/…" }
# keypad = { backend = "evdev", device = "/dev/input/by-path/…-event-kbd" }

# Inside, with the same keys.
# [door.out]
# reader = { serial = "RR123-456790" }
"#;

/// Lines that are suggested for the strikes of an agent's doors; no other suggestion is among them, and none that a Pi pulls up as it
/// boots (GPIO0 to 8).
const STRIKES: [&str; 3] = ["GPIO17", "GPIO26", "GPIO12"];

const STATION: &str = r#"
[station]
# reader = { name = "ACS ACR1252 Dual Reader" }
# sensor = { path = "/dev/serial/by-id/…" }
# keypad = { backend = "evdev", device = "/dev/input/by-id/…-event-kbd" }
"#;

/// A text as TOML takes it. JSON's escapes are TOML's too; names hold no control characters.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The file's text. `server` is `host:port` of the agents' port.
pub(super) fn write(server: &str, mode: InstallationMode, is_station: bool, doors: &[NamedDoor]) -> String {
    let mut text =
        format!("{HEAD}data_folder = \"/var/lib/pforte-agent\"\nserver = {}\nmode = \"{mode}\"\n", quoted(server));
    if is_station {
        text += STATION;
    }
    for (number, door) in doors.iter().enumerate() {
        // Each its own: what two doors have in common is refused, and of no line it is guessed that it is free.
        let strike = STRIKES.get(number).map_or_else(|| format!("line of strike {}", number + 1), ToString::to_string);
        let lines = LINES.replacen("STRIKE", &strike, 1);
        let is_alone = doors.iter().filter(|other| other.name == door.name).count() == 1;
        // On its machine a door's name must be its alone; on the server only at its site.
        let name = if is_alone { door.name.clone() } else { format!("{}, {}", door.name, door.site) };
        text += &format!("\n# At {}.\n[[door]]\nid = \"{}\"\nname = {}\n{lines}", door.site, door.id, quoted(&name));
    }
    if !is_station && doors.is_empty() {
        text += "\n# It has no doors yet: give it some on the server, then copy this again.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn door(id: u128, name: &str, site: &str) -> NamedDoor {
        NamedDoor { id: Uuid::from_u128(id), name: name.to_owned(), site: site.to_owned() }
    }

    fn check(is_station: bool, doors: &[NamedDoor], frozen: &str) {
        let text = write("pforte.example.org:8444", InstallationMode::Production, is_station, doors);
        assert_eq!(text, frozen, "door-agent/tests/offered holds what agents are known to read");
    }

    #[test]
    fn what_is_offered_is_what_agents_are_tried_with() {
        let doors = [door(1, r#"Gate "North" \ 1"#, "Plant"), door(2, "Lobby", "Office"), door(3, "Lobby", "Plant")];
        check(false, &doors, include_str!("../../../door-agent/tests/offered/doors.toml"));
        check(true, &[], include_str!("../../../door-agent/tests/offered/station.toml"));
    }

    #[test]
    fn an_agent_without_doors_says_so() {
        let text = write("localhost:1", InstallationMode::Demo, false, &[]);
        assert!(text.contains("mode = \"demo\"") && text.contains("no doors yet"), "{text}");
        text.parse::<toml::Table>().unwrap();
    }
}
