//! Native commands in ISO 7816-4 clothes: `90 INS 00 00 Lc data 00`, and parts chained by `AF` in both directions (hardware
//! facts, DESFire). What is inside the data is none of its business.

use super::dialogue::Wire;
use super::status::{DesfireError, Instruction, Malformation, Status};

/// Most data of one command: Lc is one byte.
const DATA_BYTES_MAX: usize = 255;
/// Most data of one part where a card takes parts by `AF`: its frames are 60 bytes, less the command's clothes.
const PART_BYTES_MAX: usize = 54;
/// Longest answer, over all its parts: more than a file of the largest template needs at once.
const ANSWER_BYTES_MAX: usize = 8 * 1024;

/// One command in one APDU.
pub(super) fn wrap(command: Instruction, data: &[u8]) -> Result<Vec<u8>, DesfireError> {
    let mut apdu = vec![0x90, command.code(), 0x00, 0x00];
    if !data.is_empty() {
        apdu.push(u8::try_from(data.len()).map_err(|_too_long| DesfireError::Unsendable { command })?);
        apdu.extend_from_slice(data);
    }
    apdu.push(0x00);
    Ok(apdu)
}

/// Takes an answer apart.
pub(super) fn unwrap(command: Instruction, answer: &[u8]) -> Result<(&[u8], Status), DesfireError> {
    let Some((data, status)) = answer.split_last_chunk::<2>() else {
        return Err(malformed(command, Malformation::NoStatus(answer.len())));
    };
    Ok((data, Status::parse(*status)))
}

/// Sends one part and takes one part back; a refusal is an error. `asked` is the command that it is part of.
pub(super) async fn exchange_part(
    wire: &Wire,
    asked: Instruction,
    part: Instruction,
    data: &[u8],
) -> Result<(Vec<u8>, IsMore), DesfireError> {
    let answer = wire.transmit(wrap(part, data)?).await;
    match unwrap(asked, &answer)? {
        (data, Status::Done) => Ok((data.to_vec(), IsMore(false))),
        (data, Status::More) => Ok((data.to_vec(), IsMore(true))),
        (_, Status::Refused(refusal)) => Err(DesfireError::Refused { command: asked, refusal }),
    }
}

/// Whether the card has, or wants, more.
pub(super) struct IsMore(pub(super) bool);

/// Sends a command in as many parts as it needs and collects the answer's parts.
pub(super) async fn exchange(wire: &Wire, command: Instruction, data: &[u8]) -> Result<Vec<u8>, DesfireError> {
    // Where frames are chained below the command (ISO/IEC 14443-4), the reader does it: one part.
    let part_bytes_max = if command == Instruction::WriteData { DATA_BYTES_MAX } else { PART_BYTES_MAX };
    let mut parts = data.chunks(part_bytes_max);
    let mut part = command;
    let mut now = parts.next().unwrap_or_default();
    for next in parts {
        let (answer, is_more) = exchange_part(wire, command, part, now).await?;
        if !is_more.0 || !answer.is_empty() {
            return Err(malformed(command, Malformation::Chaining));
        }
        (part, now) = (Instruction::AdditionalFrame, next);
    }
    let (mut whole, mut is_more) = exchange_part(wire, command, part, now).await?;
    while is_more.0 {
        let before = whole.len();
        let (answer, more) = exchange_part(wire, command, Instruction::AdditionalFrame, &[]).await?;
        whole.extend_from_slice(&answer);
        is_more = more;
        if is_more.0 && whole.len() == before || whole.len() > ANSWER_BYTES_MAX {
            return Err(malformed(command, Malformation::Endless));
        }
    }
    Ok(whole)
}

pub(super) fn malformed(command: Instruction, fault: Malformation) -> DesfireError {
    DesfireError::Malformed { command, fault }
}

/// Takes exactly `N` bytes.
pub(super) fn exactly<const N: usize>(command: Instruction, data: &[u8]) -> Result<[u8; N], DesfireError> {
    data.try_into().map_err(|_other| malformed(command, Malformation::Length { expected: N, got: data.len() }))
}

/// Takes exactly `N` bytes of an authentication. What has another length proves nothing.
pub(super) fn proof<const N: usize>(command: Instruction, data: &[u8]) -> Result<[u8; N], DesfireError> {
    data.try_into().map_err(|_other| DesfireError::NotAuthentic { command })
}

#[cfg(test)]
mod tests {
    use super::super::dialogue::Dialogue;
    use super::super::status::Refusal;
    use super::super::testing::hex;
    use super::*;

    /// Sends `data` under `command` and checks that the card hears `script`'s commands when it gives its answers.
    fn check(command: Instruction, data: &[u8], script: &[(&str, &str)], expected: Result<&str, DesfireError>) {
        let mut script = script.iter();
        let dialogue = Dialogue::new(|wire| async move { exchange(&wire, command, data).await });
        let outcome = dialogue
            .hold(|apdu| {
                let (asked, answer) = script.next().ok_or("nothing more was to be asked")?;
                assert_eq!(apdu, hex(asked));
                Ok::<_, &str>(hex(answer))
            })
            .unwrap();
        assert_eq!(outcome, expected.map(hex));
        assert_eq!(script.next(), None);
    }

    #[test]
    fn a_command_without_data_has_no_lc() {
        check(Instruction::GetFreeMemory, &[], &[("906E000000", "0013009100")], Ok("001300"));
        check(Instruction::GetKeyVersion, &[1], &[("90640000010100", "179100")], Ok("17"));
    }

    #[test]
    fn an_answer_in_parts_is_put_together() {
        let script = [("9060000000", "040191AF"), ("90AF000000", "0291AF"), ("90AF000000", "9100")];
        check(Instruction::GetVersion, &[], &script, Ok("040102"));
    }

    #[test]
    fn a_long_command_goes_in_parts() {
        let data = [0x11; 60];
        let first = format!("90CA000036{}00", "11".repeat(54));
        let script = [(&first[..], "91AF"), ("90AF00000611111111111100", "9100")];
        check(Instruction::CreateApplication, &data, &script, Ok(""));
        let chaining = malformed(Instruction::CreateApplication, Malformation::Chaining);
        check(Instruction::CreateApplication, &data, &[(&first, "9100")], Err(chaining));
        check(Instruction::CreateApplication, &data, &[(&first, "0091AF")], Err(chaining));
        let whole = format!("908D0000FF{}00", "11".repeat(255));
        check(Instruction::WriteData, &[0x11; 255], &[(&whole, "9100")], Ok(""));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let command = Instruction::GetFreeMemory;
        let one = |answer, expected| check(command, &[], &[("906E000000", answer)], Err(expected));
        one("", malformed(command, Malformation::NoStatus(0)));
        one("91", malformed(command, Malformation::NoStatus(1)));
        one("0013009D919D", DesfireError::Refused { command, refusal: Refusal::PermissionDenied });
        one("6D00", DesfireError::Refused { command, refusal: Refusal::Iso(0x6D00) });
        let endless = [("906E000000", "91AF"), ("90AF000000", "91AF")];
        check(command, &[], &endless, Err(malformed(command, Malformation::Endless)));
    }
}
