//! Everything that reads what strangers can write: cards, sensors, the wire, a disk, a pasted token. `cargo fuzz` calls
//! each for as long as one likes; the test `hostile` calls the same with every seed and with some random input.
//!
//! Each takes any bytes and answers whether they were accepted. None may panic, and what is accepted must read back.

use access_core::canonical;
use access_core::chain::{Digest, Head, SignedRecord};
use access_core::event::Record;
use access_core::policy::Policy;
use access_core::protocol::{
    Bundle, CardSecrets, FromAgent, FromServer, MESSAGE_BYTES_MAX, SecretBytes, bundle_hash, read_message,
    write_message,
};
use door_agent::cards::Cards;
use door_agent::join::{JoinToken, parse_server};
use door_agent::journal::segment::{HEADER_BYTES, Header, scan, write_frame, write_header, write_payload};
use hardware::card::apdu::parse_uid;
use hardware::card::desfire::{AesKey, ApplicationId, KeyVersion, ReadOrder, read};
use hardware::finger::packet::{Decoder, Frame};
use hardware::keypad::{self, Entry, Pressed, Typed};
use hardware::world::{Order, WorldFile};

/// A reader of bytes: whether it took them.
pub type Target = fn(&[u8]) -> bool;

/// All of them, by name.
pub const TARGETS: [(&str, Target); 12] = [
    ("card_answer", card_answer),
    ("desfire_answers", desfire_answers),
    ("card_secrets", card_secrets),
    ("sensor_packet", sensor_packet),
    ("keypad_frames", keypad_frames),
    ("from_agent", from_agent),
    ("from_server", from_server),
    ("record", record),
    ("journal_segment", journal_segment),
    ("join_token", join_token),
    ("world_order", world_order),
    ("world_file", world_file),
];

/// What deltas are applied to, whatever they say of their base.
const DELTA_BASE: &[u8] = b"a bundle of some bytes, more than the pieces of most deltas reach";

/// What a card answered.
pub fn card_answer(bytes: &[u8]) -> bool {
    let Ok(uid) = parse_uid(bytes) else { return false };
    assert_eq!([uid.as_bytes(), &[0x90, 0x00]].concat(), bytes);
    true
}

/// What a DESFire card answered while a door read it, each answer behind a byte with its length. The door's numbers are
/// always the same here, so that a seed can be a whole conversation.
pub fn desfire_answers(bytes: &[u8]) -> bool {
    let Some((application, version)) = ApplicationId::new([0xF4, 0x0F, 0x7E]).zip(KeyVersion::new(1)) else {
        return false;
    };
    let order = ReadOrder { application, keys: vec![(version, AesKey::new([0x11; 16]))], is_ev1_allowed: true };
    let mut rest = bytes;
    let outcome = read(order, Box::new(|| [0x22; 16])).hold(|_command| {
        let (length, more) = rest.split_first().ok_or(())?;
        let (answer, more) = more.split_at_checked(usize::from(*length)).ok_or(())?;
        rest = more;
        Ok::<_, ()>(answer.to_vec())
    });
    matches!(outcome, Ok(Ok(_)))
}

/// What a bundle says of cards, and behind it what lies in a card's template file. The content key, the card and its holder are
/// always the same here, so that a seed can open.
pub fn card_secrets(bytes: &[u8]) -> bool {
    let Ok((secrets, content)) = canonical::decode::<(CardSecrets, Vec<u8>)>("cards", bytes) else { return false };
    assert_eq!(canonical::encode(&(&secrets, &content)), bytes, "they have one form");
    let one = [[0; 15].as_slice(), &[1]].concat();
    let (Ok(agent), Ok(person)) = (canonical::decode("agent", &one), canonical::decode("person", &one)) else {
        return false;
    };
    let cards = Cards::with_content_key(agent, SecretBytes(vec![8; 32]), secrets, [5; 32]);
    let is_asked = cards.read_order(&[4, 1, 2, 3, 4, 5, 6]).is_some();
    is_asked && !cards.fingers(person, &[0xC1; 16], &content).fingers.is_empty()
}

/// What came over a sensor's line. The first byte says into what pieces it was cut.
pub fn sensor_packet(bytes: &[u8]) -> bool {
    let Some((cut, line)) = bytes.split_first() else { return false };
    let mut decoder = Decoder::new();
    let mut frames: Vec<Frame> = Vec::new();
    for piece in line.chunks(usize::from(*cut).max(1)) {
        decoder.push(piece);
        frames.extend(std::iter::from_fn(|| decoder.next_frame()));
    }
    let mut whole = Decoder::new();
    whole.push(line);
    assert_eq!(frames, std::iter::from_fn(|| whole.next_frame()).collect::<Vec<_>>(), "cutting changes nothing");
    let framed: usize = frames.iter().map(|frame| frame.encode().len()).sum();
    assert!(decoder.noise_bytes() as usize + framed <= line.len());
    !frames.is_empty()
}

/// What came from a keypad's device. The first byte says into what pieces it was cut.
pub fn keypad_frames(bytes: &[u8]) -> bool {
    let Some((cut, line)) = bytes.split_first() else { return false };
    let typed = |piece: usize| {
        let (mut decoder, mut entry) = (keypad::Decoder::default(), Entry::default());
        let mut typed: Vec<Typed> = Vec::new();
        for piece in line.chunks(piece.max(1)) {
            decoder.push(piece, |pressed| match pressed {
                Pressed::Key(key) => typed.extend(entry.press(key)),
                Pressed::Lost => entry.clear(),
            });
        }
        typed
    };
    let whole = typed(line.len());
    assert_eq!(typed(usize::from(*cut)), whole, "cutting changes nothing");
    !whole.is_empty()
}

/// A message of an agent.
pub fn from_agent(bytes: &[u8]) -> bool {
    let Ok(message) = read_message::<FromAgent>(bytes) else { return false };
    assert_eq!(write_message(&message), bytes, "one message has one form");
    if let FromAgent::Records(records) = message {
        records.iter().for_each(|record| drop(record.read()));
    }
    true
}

/// A message of the server.
pub fn from_server(bytes: &[u8]) -> bool {
    let Ok(message) = read_message::<FromServer>(bytes) else { return false };
    assert_eq!(write_message(&message), bytes, "one message has one form");
    if let FromServer::CardWork(work) = &message {
        drop(door_agent::station::task(work.clone()));
    }
    // Whatever comes of a delta is what it says, and no longer than a message.
    if let FromServer::BundleDelta(delta) = &message
        && let Ok(made) = delta.apply(DELTA_BASE, &delta.base)
    {
        assert_eq!(bundle_hash(&made.bytes), delta.result, "a delta makes what it says");
        assert!(made.bytes.len() <= MESSAGE_BYTES_MAX, "a delta makes no more than a message");
    }
    // What an agent is to decide by, past its signature.
    if let FromServer::Bundle(signed) = message
        && let Ok(bundle) = canonical::decode::<Bundle>("bundle", &signed.bytes)
    {
        assert_eq!(canonical::encode(&bundle), signed.bytes, "one bundle has one form");
        let _ = Policy::compile(bundle.policy);
    }
    true
}

/// What a signature stands under.
pub fn record(bytes: &[u8]) -> bool {
    let Ok(record) = canonical::decode::<Record>("record", bytes) else { return false };
    assert_eq!(canonical::encode(&record), bytes, "one record has one form");
    let _ = (record.event.kind(), record.event.door());
    true
}

/// A file of the journal: as it is, then cut where its successor might say that it ends, then the same bytes as the
/// record of a frame that is whole.
pub fn journal_segment(bytes: &[u8]) -> bool {
    let scanned = scan(bytes, None);
    if let Ok(scanned) = &scanned {
        assert!(scanned.end <= bytes.len());
        let again = scan(bytes, Some(scanned.end as u64));
        assert_eq!(again.map(|again| again.records), Ok(scanned.records.clone()), "its end is where it says");
    }
    let _ = scan(bytes, bytes.first().map(|&end| HEADER_BYTES as u64 + u64::from(end)));

    let start = Head { epoch: 1, seq: 0, hash: Digest([0; 32]) };
    let header = Header { number: 1, previous_end: 0, head_before: start, acknowledged: start };
    let records = vec![SignedRecord { bytes: bytes.to_vec(), signature: [7; 64] }];
    let mut file = write_header(&header);
    file.extend(write_frame(1, file.len(), &write_payload(&records)));
    let framed =
        scan(&file, None).map(|framed| framed.records.into_iter().map(|(_, record)| record).collect::<Vec<_>>());
    assert_eq!(framed, Ok(records), "what was written is read");
    scanned.is_ok()
}

/// What somebody pasted to let an agent join.
pub fn join_token(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let _ = parse_server(text);
    JoinToken::parse(text).is_ok()
}

/// A line on the twins' control socket.
pub fn world_order(bytes: &[u8]) -> bool {
    let Ok(order) = serde_json::from_slice::<Order>(bytes) else { return false };
    let again = serde_json::to_vec(&order).ok().and_then(|line| serde_json::from_slice(&line).ok());
    assert_eq!(again, Some(order), "an order reads back");
    true
}

/// The file that a world is made from.
pub fn world_file(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| WorldFile::parse(text, "seed").is_ok())
}
