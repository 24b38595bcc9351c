//! Where segments lie: a folder of preallocated files. Behind a trait, so that tests can break it on purpose.
//!
//! The file of the next segment is made while the one before it is written to: to fill it takes a card longer than a person at a
//! door should wait for.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use crate::durable;

/// Holds numbered segments.
///
/// What returns `Ok` survives a power cut from then on. What returns an error may have happened, in part or as a whole,
/// and may or may not survive: [`Journal`](super::Journal) never writes to a segment again after an error.
pub trait Storage: Send {
    /// Numbers of all segments, ascending.
    fn list(&self) -> io::Result<Vec<u64>>;
    /// The bytes of a segment.
    fn read(&self, number: u64) -> io::Result<Vec<u8>>;
    /// Makes a segment of `bytes` bytes that begins with `header` and is zero elsewhere. All or nothing.
    fn create(&mut self, number: u64, header: &[u8], bytes: usize) -> io::Result<()>;
    /// Writes inside a segment.
    fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) -> io::Result<()>;
    /// Removes a segment. A power cut before the next [`create`](Self::create) may bring it back, with all that were removed after it.
    fn remove(&mut self, number: u64) -> io::Result<()>;
    /// A segment's name, for messages.
    fn name(&self, number: u64) -> String;
    /// Notes something beside the segments, whole or not at all and some time later: it is not waited for the disk, and what is lost of
    /// it is no error. Of two notes the older one may survive.
    fn note(&mut self, mark: &[u8]);
    /// The notes that survived, each with whatever follows it.
    fn noted(&self) -> Vec<Vec<u8>>;
}

/// Segments as files of one folder.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    open: Option<(u64, File)>,
    /// None before the first segment is made, or if there is no thread to be had.
    spare: Option<Spare>,
    /// The file of notes, once it is open, and in which of its two places the next one goes.
    notes: Option<File>,
    next_note: u64,
}

/// Name of the file of notes.
const NOTES: &str = "synced";
/// Its places lie so far apart that a write that is torn takes one of them along at most.
const NOTE_PLACE_BYTES: usize = 4096;
const NOTE_PLACES: u64 = 2;

const EXTENSION: &str = "segment";
const UNFINISHED: &str = "unfinished";

impl Files {
    /// Takes a folder, making it if it is not there. What an interrupted [`Storage::create`] left is removed.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // Else a power cut could take the whole folder with everything that was synced in it. Each time: a start that was cut
        // off may have made it.
        durable::sync_entry(folder)?;
        let unfinished = folder.join(UNFINISHED);
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self { folder: folder.to_owned(), open: None, spare: None, notes: None, next_note: 0 })
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:020}.{EXTENSION}"))
    }

    fn write_note(&mut self, mark: &[u8]) -> io::Result<()> {
        let file = match &self.notes {
            Some(file) => file,
            None => {
                let path = self.folder.join(NOTES);
                let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
                self.notes.insert(file)
            }
        };
        file.write_all_at(mark, self.next_note * NOTE_PLACE_BYTES as u64)
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

impl Storage for Files {
    fn list(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let is_segment = path.extension().is_some_and(|extension| extension == EXTENSION);
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let number: Option<u64> = stem.and_then(|stem| stem.parse().ok());
            numbers.extend(number.filter(|_| is_segment));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        fs::read(self.path(number))
    }

    fn create(&mut self, number: u64, header: &[u8], bytes: usize) -> io::Result<()> {
        let unfinished = self.folder.join(UNFINISHED);
        let bytes = bytes.max(header.len());
        let spare = self.spare.as_mut().and_then(|spare| spare.take(bytes));
        let file = spare.map_or_else(|| make(&unfinished, bytes), Ok)?;
        file.write_all_at(header, 0)?;
        file.sync_data()?;
        fs::rename(&unfinished, self.path(number))?;
        self.sync_folder()?;
        self.open = Some((number, file));
        if self.spare.is_none() {
            self.spare = Spare::start(&unfinished).ok();
        }
        if let Some(spare) = &mut self.spare {
            spare.want(bytes);
        }
        Ok(())
    }

    fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let file = match &self.open {
            Some((open, file)) if *open == number => file,
            _ => {
                let file = OpenOptions::new().write(true).open(self.path(number))?;
                &self.open.insert((number, file)).1
            }
        };
        file.write_all_at(bytes, offset as u64)?;
        file.sync_data()
    }

    fn remove(&mut self, number: u64) -> io::Result<()> {
        if self.open.as_ref().is_some_and(|(open, _)| *open == number) {
            self.open = None;
        }
        fs::remove_file(self.path(number))
    }

    fn name(&self, number: u64) -> String {
        self.path(number).display().to_string()
    }

    fn note(&mut self, mark: &[u8]) {
        if let Err(error) = self.write_note(mark) {
            tracing::debug!(%error, "what lies on the disk could not be noted");
            self.notes = None;
        }
        self.next_note = (self.next_note + 1) % NOTE_PLACES;
    }

    fn noted(&self) -> Vec<Vec<u8>> {
        let content = fs::read(self.folder.join(NOTES)).unwrap_or_default();
        content.chunks(NOTE_PLACE_BYTES).map(<[u8]>::to_vec).collect()
    }
}

/// A file of zeros that lies on the disk. Written zeros, not a hole: a later fdatasync then has no metadata to change.
fn make(path: &Path, bytes: usize) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all_at(&vec![0; bytes], 0)?;
    file.sync_all()?;
    Ok(file)
}

/// Makes a file beforehand, on a thread of its own, which ends when this is dropped.
#[derive(Debug)]
struct Spare {
    wanted: Option<mpsc::Sender<usize>>,
    made: mpsc::Receiver<io::Result<File>>,
    /// Length of the one that was wanted and not taken yet, in bytes.
    coming: Option<usize>,
    thread: Option<JoinHandle<()>>,
}

impl Spare {
    fn start(path: &Path) -> io::Result<Self> {
        let (wanted, wants) = mpsc::channel();
        let (ready, made) = mpsc::channel();
        let path = path.to_owned();
        let thread = thread::Builder::new().name("spare".to_owned()).spawn(move || {
            while let Ok(bytes) = wants.recv()
                && ready.send(make(&path, bytes)).is_ok()
            {}
        })?;
        Ok(Self { wanted: Some(wanted), made, coming: None, thread: Some(thread) })
    }

    fn want(&mut self, bytes: usize) {
        if let Some(wanted) = &self.wanted {
            self.coming = wanted.send(bytes).is_ok().then_some(bytes);
        }
    }

    /// The file, once it is made; nothing if none of this length was wanted, or could be made.
    fn take(&mut self, bytes: usize) -> Option<File> {
        let coming = self.coming.take()?;
        let made = self.made.recv().ok()?.ok()?;
        (coming == bytes).then_some(made)
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        self.wanted = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
