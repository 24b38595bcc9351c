//! Commands about files and what they hold.

use super::applications::{FREE_CREATION, FREE_LISTING};
use super::content::{File, FileKind, Mode, file_bytes};
use super::session::Protection;
use super::{Application, Card, Outcome, Pending, Status, command, three};

/// Highest number of a file.
const NUMBER_MAX: u8 = 0x1F;
/// Rights that are no key: everybody, nobody.
const EVERYBODY: u16 = 0xE;
const NOBODY: u16 = 0xF;
/// File number, offset, length: what comes before data.
const HEADER_BYTES: usize = 7;

/// Data on its way into a file, until all of it is there.
pub(super) struct Writing {
    instruction: u8,
    header: Header,
    mode: Mode,
    sent: Vec<u8>,
    expected_bytes: usize,
}

#[derive(Debug, Clone, Copy)]
struct Header {
    number: u8,
    offset: usize,
    length: usize,
}

impl Header {
    fn of(data: &[u8]) -> Result<Self, Status> {
        let &[number, a, b, c, d, e, f] = data.first_chunk::<HEADER_BYTES>().ok_or(Status::LENGTH)?;
        let number_of = |bytes: [u8; 3]| super::id_of(bytes) as usize;
        Ok(Self { number, offset: number_of([a, b, c]), length: number_of([d, e, f]) })
    }
}

/// Which of a file's rights, by where they stand, apart from the one for both.
#[derive(Debug, Clone, Copy)]
enum Right {
    Read = 12,
    Write = 8,
}

const RIGHT_BOTH: u16 = 4;

impl Card {
    pub(super) fn create_file(&mut self, instruction: u8, kind: FileKind, data: &[u8]) -> Outcome {
        self.application()?;
        self.require(FREE_CREATION)?;
        let bytes = self.open_admin(instruction, data)?;
        let selected = self.selected;
        let application = self.application()?;
        let (mut file, length) = file_of(&bytes, kind, application)?;
        let is_taken =
            |other: &File| other.number == file.number || (other.iso_id.is_some() && other.iso_id == file.iso_id);
        if application.files.iter().any(is_taken) {
            return Err(Status::DUPLICATE);
        }
        let taken_bytes = file_bytes(kind, length);
        if taken_bytes > self.content.free_bytes() {
            return Err(Status::OUT_OF_MEMORY);
        }
        file.data = vec![0; length];
        let content = self.change();
        content.used_bytes += taken_bytes;
        if let Some(application) = content.application_mut(selected) {
            application.files.push(file);
        }
        self.reply(Protection::Admin, Vec::new(), &[])
    }

    pub(super) fn delete_file(&mut self, data: &[u8]) -> Outcome {
        self.application()?;
        self.require(FREE_CREATION)?;
        let [number] = self.open_exact(command::DELETE_FILE, data)?;
        self.application()?.file(number).ok_or(Status::NO_FILE)?;
        let selected = self.selected;
        if let Some(application) = self.change().application_mut(selected) {
            application.files.retain(|file| file.number != number);
        }
        self.uncommitted.remove(&number);
        self.reply(Protection::Admin, Vec::new(), &[])
    }

    pub(super) fn get_file_ids(&mut self, data: &[u8]) -> Outcome {
        self.application()?;
        self.require(FREE_LISTING)?;
        self.open_exact::<0>(command::GET_FILE_IDS, data)?;
        let numbers = self.application()?.files.iter().map(|file| file.number).collect();
        self.reply(Protection::Admin, numbers, &[])
    }

    pub(super) fn get_file_settings(&mut self, data: &[u8]) -> Outcome {
        self.application()?;
        self.require(FREE_LISTING)?;
        let [number] = self.open_exact(command::GET_FILE_SETTINGS, data)?;
        let file = self.application()?.file(number).ok_or(Status::NO_FILE)?;
        let kind = match file.kind {
            FileKind::Standard => 0x00,
            FileKind::Backup => 0x01,
        };
        let mode = match file.mode {
            Mode::Plain => 0x00,
            Mode::Mac => 0x01,
            Mode::Full => 0x03,
        };
        let answer = [&[kind, mode], &file.access.to_le_bytes()[..], &three(file.data.len())].concat();
        self.reply(Protection::Admin, answer, &[])
    }

    pub(super) fn read_data(&mut self, instruction: u8, data: &[u8]) -> Outcome {
        let header = Header::of(data)?;
        let file = self.application()?.file(header.number).ok_or(Status::NO_FILE)?;
        let mode = self.mode(file, Right::Read)?;
        let size = file.data.len();
        // A length of 0 reads to the end.
        let end = if header.length == 0 { size } else { header.offset + header.length };
        let protection = Protection::Data(mode);
        if let Some(session) = &mut self.session {
            if !session.way.open(instruction, HEADER_BYTES, 0, protection, data)?.bytes.is_empty() {
                return Err(Status::LENGTH);
            }
        } else if data.len() != HEADER_BYTES {
            return Err(Status::LENGTH);
        }
        if header.offset >= size || end > size {
            return Err(Status::BOUNDARY);
        }
        let file = self.application()?.file(header.number).ok_or(Status::NO_FILE)?;
        let read = file.data.get(header.offset..end).ok_or(Status::BOUNDARY)?.to_vec();
        self.reply(protection, read, &[])
    }

    pub(super) fn write_data(&mut self, instruction: u8, data: &[u8]) -> Outcome {
        let header = Header::of(data)?;
        let file = self.application()?.file(header.number).ok_or(Status::NO_FILE)?;
        let mode = self.mode(file, Right::Write)?;
        if header.length == 0 {
            return Err(Status::LENGTH);
        }
        if header.offset + header.length > file.data.len() {
            return Err(Status::BOUNDARY);
        }
        let expected_bytes = match &self.session {
            Some(session) => session.way.sent_bytes(HEADER_BYTES, header.length, mode),
            None => HEADER_BYTES + header.length,
        };
        self.write_on(Writing { instruction, header, mode, sent: Vec::new(), expected_bytes }, data)
    }

    pub(super) fn write_on(&mut self, mut writing: Writing, data: &[u8]) -> Outcome {
        writing.sent.extend(data);
        if writing.sent.len() > writing.expected_bytes || data.is_empty() {
            return Err(Status::LENGTH);
        }
        if writing.sent.len() < writing.expected_bytes {
            self.pending = Pending::Data(writing);
            return Ok((Vec::new(), Status::MORE));
        }
        let Writing { instruction, header: Header { number, offset, length }, mode, sent, .. } = writing;
        let protection = Protection::Data(mode);
        let bytes = match &mut self.session {
            Some(session) => {
                let body = session.way.open(instruction, HEADER_BYTES, length, protection, &sent)?;
                if body.bytes.len() != length || !session.way.is_end(&body.rest, None) {
                    return Err(Status::LENGTH);
                }
                body.bytes.to_vec()
            }
            None => sent[HEADER_BYTES..].to_vec(),
        };
        let file = self.application()?.file(number).ok_or(Status::NO_FILE)?;
        let (kind, mut data) = (file.kind, self.uncommitted.get(&number).unwrap_or(&file.data).clone());
        data.get_mut(offset..offset + length).ok_or(Status::BOUNDARY)?.copy_from_slice(&bytes);
        match kind {
            FileKind::Standard => self.put(number, data),
            FileKind::Backup => drop(self.uncommitted.insert(number, data)),
        }
        self.reply(protection, Vec::new(), &[])
    }

    pub(super) fn commit_transaction(&mut self, data: &[u8]) -> Outcome {
        self.application()?;
        self.open_exact::<0>(command::COMMIT_TRANSACTION, data)?;
        if self.uncommitted.is_empty() {
            return Err(Status::NO_CHANGES);
        }
        for (number, data) in std::mem::take(&mut self.uncommitted) {
            self.put(number, data);
        }
        self.reply(Protection::Admin, Vec::new(), &[])
    }

    pub(super) fn abort_transaction(&mut self, data: &[u8]) -> Outcome {
        self.application()?;
        self.open_exact::<0>(command::ABORT_TRANSACTION, data)?;
        if self.uncommitted.is_empty() {
            return Err(Status::NO_CHANGES);
        }
        self.uncommitted.clear();
        self.reply(Protection::Admin, Vec::new(), &[])
    }

    fn put(&mut self, number: u8, data: Vec<u8>) {
        let selected = self.selected;
        let mut files =
            self.change().application_mut(selected).into_iter().flat_map(|application| &mut application.files);
        if let Some(file) = files.find(|file| file.number == number) {
            file.data = data;
        }
    }

    /// How a file's data travels now. What everybody may do is done openly, unless the key that is there gives the right.
    fn mode(&self, file: &File, right: Right) -> Result<Mode, Status> {
        let rights = [file.access >> right as u16 & 0xF, file.access >> RIGHT_BOTH & 0xF];
        let is_key = |right: u16| self.session.as_ref().is_some_and(|session| u16::from(session.key_number) == right);
        if rights.into_iter().any(is_key) {
            Ok(file.mode)
        } else if rights.contains(&EVERYBODY) {
            Ok(Mode::Plain)
        } else if rights == [NOBODY; 2] {
            Err(Status::PERMISSION)
        } else {
            Err(Status::AUTHENTICATION)
        }
    }
}

/// A file that is wanted, still empty, and its size: number, perhaps ISO identifier, mode, two bytes of rights, three of
/// size.
fn file_of(bytes: &[u8], kind: FileKind, application: &Application) -> Result<(File, usize), Status> {
    let (number, iso_id, rest) = match bytes {
        [number, rest @ ..] if rest.len() == 6 => (*number, None, rest),
        [number, a, b, rest @ ..] if rest.len() == 6 => (*number, Some(u16::from_le_bytes([*a, *b])), rest),
        _ => return Err(Status::LENGTH),
    };
    let &[mode, c, d, e, f, g] = rest else { return Err(Status::LENGTH) };
    let mode = match mode {
        0x00 => Mode::Plain,
        0x01 => Mode::Mac,
        0x03 => Mode::Full,
        _ => return Err(Status::PARAMETER),
    };
    let (access, length) = (u16::from_le_bytes([c, d]), super::id_of([e, f, g]) as usize);
    let is_right = |right: u16| usize::from(right) < application.keys.len() || right >= EVERYBODY;
    let has_rights = [0, 4, 8, 12].into_iter().all(|shift| is_right(access >> shift & 0xF));
    if number > NUMBER_MAX || length == 0 || !has_rights || iso_id.is_some() != application.has_iso_files {
        return Err(Status::PARAMETER);
    }
    Ok((File { number, iso_id, kind, mode, access, data: Vec::new() }, length))
}
