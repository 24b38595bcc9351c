//! What a guard must see, and the devices, inputs and faults that it comes from: words that records carry, each by its place in its
//! list. What happened, as a record, stands in the module above.

crate::words! {
    /// What a guard must see.
    pub enum AlarmKind {
        /// Opened without a release or request to exit.
        DoorForced = "door_forced",
        /// Open longer than allowed.
        DoorHeld = "door_held",
        /// A housing was opened.
        Tamper = "tamper",
        /// A reader is gone or silent.
        ReaderFault = "reader_fault",
        /// A sensor is gone, silent or answers nonsense.
        SensorFault = "sensor_fault",
        /// A door's lines can't be driven or read.
        DoorIoFault = "door_io_fault",
        /// The journal can't take records: no door is released.
        JournalFault = "journal_fault",
        /// An agent is out of reach.
        AgentLost = "agent_lost",
        /// An agent's records have a hole.
        RecordsMissing = "records_missing",
        /// Two different records claim one place: an agent's key or journal was copied or altered.
        RecordsForked = "records_forked",
        /// A card reported lost or stolen was presented.
        LostCardPresented = "lost_card_presented",
        /// Somebody left whom a rule would have refused.
        LeftAgainstRule = "left_against_rule",
        /// The agent's policy is half as old as it may get.
        PolicyAging = "policy_aging",
        /// Several wrong fingers in a row.
        WrongFingers = "wrong_fingers",
        /// A request to exit has been pressed for longer than anybody presses: stuck, wedged or wired wrong.
        RexStuck = "rex_stuck",
        /// The server refused the agent, which gave up its rules: nobody enters.
        RulesWithdrawn = "rules_withdrawn",
        /// An agent's keys are used by more than one machine, as far as can be told.
        AgentCopied = "agent_copied",
        /// A card could not prove its key: it may be a copy.
        CloneSuspected = "clone_suspected",
        /// Somebody was at two doors faster than one can walk.
        ImpossibleTravel = "impossible_travel",
        /// Somebody passed who is known to be elsewhere.
        PassedBack = "passed_back",
        /// A card, or a reader, was refused too often in a short time.
        RepeatedRefusals = "repeated_refusals",
        /// A person signalled that they are forced. Nothing at the door shows it.
        Duress = "duress",
        /// More doors of an airlock stand open than its interlock allows.
        InterlockContradiction = "interlock_contradiction",
        /// An agent's records say what is not its to say, or are about a door that it never drove.
        RecordsForeign = "records_foreign",
        /// A sensor said that a finger is like a template that nobody's finger is like.
        SensorTampered = "sensor_tampered",
        /// Another sensor than the accepted one answers.
        SensorChanged = "sensor_changed",
        /// Templates lie in a sensor's own memory, which Pforte keeps empty.
        SensorNotEmpty = "sensor_not_empty",
        /// A contact changes faster than a leaf can move, or stays where it is while people pass.
        ContactFault = "contact_fault",
        /// A strike does not let go, as far as the contact can tell, or does not hold.
        StrikeFault = "strike_fault",
        /// The fire panel reports fire.
        Fire = "fire",
        /// Mains power is gone.
        MainsLost = "mains_lost",
        /// A supply's battery is low, or not there.
        BatteryLow = "battery_low",
        /// A zone that is armed reports.
        Zone = "zone",
        /// Many wrong PINs, at one reader or by one card: no PIN is asked for there for a while.
        WrongPins = "wrong_pins",
        /// A keypad is gone.
        KeypadFault = "keypad_fault",
        /// The server's rules are dated ahead of the agent's clock, and not taken: one of the two clocks is wrong.
        RulesDatedAhead = "rules_dated_ahead",
    }
}

impl AlarmKind {
    /// Whether only the server raises and clears it.
    pub fn is_of_server(self) -> bool {
        matches!(
            self,
            Self::AgentLost | Self::RecordsMissing | Self::RecordsForked | Self::AgentCopied | Self::RecordsForeign
        )
    }
}

crate::words! {
    /// A device at a door or station.
    pub enum Device {
        /// Card reader.
        Reader = "reader",
        /// Fingerprint sensor.
        Sensor = "sensor",
        /// Strike, contact, REX and tamper lines.
        DoorIo = "door_io",
        /// The agent's journal.
        Journal = "journal",
        /// Keypad for PINs.
        Keypad = "keypad",
    }
}

crate::words! {
    /// How a device is.
    pub enum DeviceState {
        /// It works.
        Working = "working",
        /// It is not there.
        Lost = "lost",
        /// It is there and does not answer.
        Silent = "silent",
        /// It answers nonsense, or what it holds can't be used.
        Faulty = "faulty",
    }
}

crate::words! {
    /// An input among a door's lines that is watched and nothing more.
    pub enum InputKind {
        /// The switch in the housing: it is open.
        BoxTamper = "box_tamper",
        /// A reader's own switch: it was opened or taken off the wall.
        ReaderTamper = "reader_tamper",
        /// A fingerprint sensor's own switch: it was opened or taken off the wall.
        SensorTamper = "sensor_tamper",
        /// The fire panel's contact: it reports fire. The panel cuts the lock's power by wire, past this system.
        Fire = "fire",
        /// The supply: mains power is gone.
        MainsLost = "mains_lost",
        /// The supply: its battery is low, or not there.
        BatteryLow = "battery_low",
        /// A detector or contact of the first zone.
        Zone1 = "zone_1",
        /// Of the second.
        Zone2 = "zone_2",
        /// Of the third.
        Zone3 = "zone_3",
        /// Of the fourth.
        Zone4 = "zone_4",
    }
}

impl InputKind {
    /// The alarm that it is part of while it is active; a zone's only while it is armed.
    pub fn alarm(self) -> AlarmKind {
        match self {
            Self::BoxTamper | Self::ReaderTamper | Self::SensorTamper => AlarmKind::Tamper,
            Self::Fire => AlarmKind::Fire,
            Self::MainsLost => AlarmKind::MainsLost,
            Self::BatteryLow => AlarmKind::BatteryLow,
            Self::Zone1 | Self::Zone2 | Self::Zone3 | Self::Zone4 => AlarmKind::Zone,
        }
    }

    /// Which zone it is, if it is one.
    pub fn zone(self) -> Option<DoorZone> {
        match self {
            Self::Zone1 => Some(DoorZone::Zone1),
            Self::Zone2 => Some(DoorZone::Zone2),
            Self::Zone3 => Some(DoorZone::Zone3),
            Self::Zone4 => Some(DoorZone::Zone4),
            Self::BoxTamper | Self::ReaderTamper | Self::SensorTamper => None,
            Self::Fire | Self::MainsLost | Self::BatteryLow => None,
        }
    }
}

crate::words! {
    /// A zone of a door: detectors or contacts on one of its inputs.
    pub enum DoorZone {
        /// The first.
        Zone1 = "zone_1",
        /// The second.
        Zone2 = "zone_2",
        /// The third.
        Zone3 = "zone_3",
        /// The fourth.
        Zone4 = "zone_4",
    }
}

crate::words! {
    /// Whether time servers keep a machine's own clock.
    #[derive(Default)]
    pub enum NtpState {
        /// It can't be told.
        #[default]
        Unknown = "unknown",
        /// They do.
        Synchronised = "synchronised",
        /// They should, and have not since the machine started.
        Unsynchronised = "unsynchronised",
    }
}

crate::words! {
    /// Why an agent's journal takes no records.
    pub enum JournalFault {
        /// Only its reserve is left: grants and alarms are still recorded, and doors released.
        Reserve = "reserve",
        /// It holds as much as it may, and the server has stored none of it.
        Full = "full",
        /// There is no space left on the disk.
        NoSpace = "no_space",
        /// The disk failed.
        DiskFault = "disk_fault",
        /// The disk gives no answer.
        Silent = "silent",
        /// What lies on the disk can't be used.
        Unusable = "unusable",
    }
}

crate::words! {
    /// How a chain of records is broken.
    pub enum ChainFault {
        /// Records are missing.
        Hole = "hole",
        /// Two different records claim one place.
        Fork = "fork",
        /// A signature does not fit.
        Signature = "signature",
        /// A record says what is not an agent's to say.
        ForeignKind = "foreign_kind",
        /// A record is about a door that the agent never drove.
        ForeignDoor = "foreign_door",
    }
}

crate::words! {
    /// What tells a copied agent.
    pub enum CopySign {
        /// One certificate was renewed for two keys: two machines hold it.
        RenewedTwice = "renewed_twice",
        /// A certificate was shown whose successor was in use already.
        OldCertificate = "old_certificate",
        /// Links of the agent ended each other again and again.
        LinksInTurn = "links_in_turn",
        /// One claimed to have no journal that can be read while another one was linked.
        JournalUnread = "journal_unread",
        /// Again and again one claimed a journal that ends before what is stored, and did not stay to be judged.
        SetBackUnheard = "set_back_unheard",
    }
}
