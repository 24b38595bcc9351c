//! A twin of the sensor: speaks its protocol from behind a pseudo-terminal.
//!
//! It holds synthetic fingers (a number each), takes noisy captures of them, compares as badly as told, and paces itself
//! as a line of 57,600 baud would. Framing is shared with the driver ([`packet`](super::packet), held against frozen
//! bytes); everything else here is written from the sensor's side.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use serde::{Deserialize, Serialize};
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::packet::{ADDRESS_DEFAULT, Decoder, Frame, Kind};

/// Microseconds that one byte takes at 57,600 baud with start and stop bit.
const BYTE_MICROS: u64 = 10 * 1_000_000 / 57_600;
/// Bytes of a feature file (one capture), as of an R503.
const FEATURES_BYTES: usize = 512;
/// Bytes of a model (two captures combined), as of an R503.
const MODEL_BYTES: usize = 1_536;
/// Size of its image in pixels, as of an R503.
const IMAGE_WIDTH: usize = 192;
const IMAGE_HEIGHT: usize = 192;
/// Bytes of a synthetic finger.
const CODE_BYTES: usize = 64;
/// Bits of noise in each capture, of 512: two captures of one finger differ in at most twice as many.
const NOISE_BITS: usize = 24;
/// Most bits that may differ for a match. Two unrelated fingers differ in about 256.
const DISTANCE_MAX: u32 = 128;

/// A synthetic finger: everything about it follows from this number.
pub type FingerSeed = u64;

/// How the twin misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorFault {
    /// Not at all.
    #[default]
    None,
    /// The next capture has too few features; then well again.
    MisreadNext,
    /// Says nothing any more.
    Hang,
    /// Answers with noise.
    Garbage,
    /// Combines captures of different fingers without a word, as some firmware does.
    CombinesAnything,
    /// Says that whatever it compares is alike.
    AlwaysMatches,
    /// Keeps in its buffers what it is told to overwrite with zeros.
    KeepsTemplates,
}

/// What it is, beside what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorBuild {
    /// Serial number, of eight characters at most.
    pub serial: String,
    /// Threshold of its comparison, 1 to 5.
    pub security_level: u8,
    /// Templates in its own flash.
    pub stored: u16,
    /// Whether it can be sent images.
    pub takes_images: bool,
    /// Whether it knows the questions for versions and product, as only newer modules do.
    pub is_newer: bool,
}

impl Default for SensorBuild {
    fn default() -> Self {
        Self { serial: "00000001".to_owned(), security_level: 3, stored: 0, takes_images: true, is_newer: true }
    }
}

/// Bytes over its line since the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// From the host.
    pub received: u64,
    /// To the host.
    pub sent: u64,
}

/// What can be seen of the twin from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorView {
    /// Whether its line is there.
    pub is_plugged: bool,
    /// Finger on the glass.
    pub finger: Option<FingerSeed>,
    /// Colour of the ring: 0 dark, 1 red, 2 blue, 4 green.
    pub ring: u8,
    /// How it misbehaves.
    pub fault: SensorFault,
}

/// The twin, with its line at a stable path.
#[derive(Debug)]
pub struct VirtualSensor {
    view: watch::Sender<SensorView>,
    path: PathBuf,
    line: Mutex<Option<JoinHandle<()>>>,
    listener: Listener,
    build: Arc<Mutex<SensorBuild>>,
    traffic: Arc<Mutex<Traffic>>,
}

/// Hears what the twin is asked.
type Listener = Arc<Mutex<Option<mpsc::UnboundedSender<Vec<u8>>>>>;

impl VirtualSensor {
    /// Plugs a sensor in: `path` becomes a link to its line.
    pub fn plug(path: &Path) -> io::Result<Self> {
        let view = SensorView { is_plugged: false, finger: None, ring: 0, fault: SensorFault::None };
        let (view, path) = (watch::channel(view).0, path.to_owned());
        let (build, traffic) = (Arc::default(), Arc::default());
        let sensor = Self { view, path, line: Mutex::new(None), listener: Listener::default(), build, traffic };
        sensor.plug_again()?;
        Ok(sensor)
    }

    /// Puts a finger on the glass, or lifts it.
    pub fn place(&self, finger: Option<FingerSeed>) {
        self.view.send_modify(|view| view.finger = finger);
    }

    /// Tells it to misbehave.
    pub fn misbehave(&self, fault: SensorFault) {
        self.view.send_modify(|view| view.fault = fault);
    }

    /// Takes its line away: whoever holds it open gets an error.
    pub fn unplug(&self) {
        if let Some(line) = self.lock_line().take() {
            line.abort();
            // The line's number may soon be another terminal's, which the path must not lead to.
            let _ = std::fs::remove_file(&self.path);
        }
        self.view.send_modify(|view| view.is_plugged = false);
    }

    /// Gives it a line again, another one, at the same path.
    pub fn plug_again(&self) -> io::Result<()> {
        self.unplug();
        let terminal = nix::pty::openpty(None, None)?;
        let mut settings = tcgetattr(&terminal.slave)?;
        cfmakeraw(&mut settings);
        tcsetattr(&terminal.slave, SetArg::TCSANOW, &settings)?;
        let slave_path = std::fs::read_link(format!("/proc/self/fd/{}", terminal.slave.as_raw_fd()))?;
        fcntl(&terminal.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let next_path = self.path.with_extension("next");
        let _ = std::fs::remove_file(&next_path);
        std::os::unix::fs::symlink(slave_path, &next_path)?;
        std::fs::rename(&next_path, &self.path)?;
        let line = Line {
            master: watched(terminal.master)?,
            // Held open, so that the driver may close and open the line again.
            _slave: terminal.slave,
            view: self.view.clone(),
            listener: Arc::clone(&self.listener),
            traffic: Arc::clone(&self.traffic),
            chip: Chip::new(Arc::clone(&self.build)),
        };
        *self.lock_line() = Some(tokio::spawn(line.serve()));
        self.view.send_modify(|view| view.is_plugged = true);
        Ok(())
    }

    /// Changes what it is, as if another were put in its place.
    pub fn rebuild(&self, change: impl FnOnce(&mut SensorBuild)) {
        change(&mut self.build.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What went over its line so far.
    pub fn traffic(&self) -> Traffic {
        *self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can be seen of it, now and from now on.
    pub fn watch(&self) -> watch::Receiver<SensorView> {
        self.view.subscribe()
    }

    /// Every command that it is given from now on, by its payload. Whoever listened before hears no more.
    pub fn listen(&self) -> mpsc::UnboundedReceiver<Vec<u8>> {
        let (heard, commands) = mpsc::unbounded_channel();
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
        commands
    }

    fn lock_line(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for VirtualSensor {
    fn drop(&mut self) {
        self.unplug();
    }
}

/// `AsyncFd::new` is deprecated for types whose descriptor may change or close under it; an `OwnedFd` does neither.
#[expect(deprecated, reason = "its successor is unsafe to call, and unsafe code is forbidden here")]
fn watched(master: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(master)
}

struct Line {
    master: AsyncFd<OwnedFd>,
    _slave: OwnedFd,
    view: watch::Sender<SensorView>,
    listener: Listener,
    traffic: Arc<Mutex<Traffic>>,
    chip: Chip,
}

impl Line {
    async fn serve(mut self) {
        let mut decoder = Decoder::new();
        let mut piece = [0; 512];
        while let Ok(length) = self.read(&mut piece).await {
            self.count(|traffic| traffic.received += length as u64);
            tokio::time::sleep(Duration::from_micros(BYTE_MICROS * length as u64)).await;
            decoder.push(&piece[..length]);
            while let Some(frame) = decoder.next_frame() {
                if frame.kind == Kind::Command
                    && let Some(listener) = &*self.listener.lock().unwrap_or_else(PoisonError::into_inner)
                {
                    let _ = listener.send(frame.payload.clone());
                }
                let answers = self.chip.take(&frame, &self.view);
                if self.answer(&answers).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn answer(&mut self, answers: &[Frame]) -> io::Result<()> {
        let fault = self.view.borrow().fault;
        for answer in answers {
            let wire = match fault {
                SensorFault::Hang => continue,
                SensorFault::Garbage => vec![0xEF, 0x5A, 0x01, 0xEF, 0x01, 0x00],
                SensorFault::None
                | SensorFault::MisreadNext
                | SensorFault::CombinesAnything
                | SensorFault::AlwaysMatches
                | SensorFault::KeepsTemplates => answer.encode(),
            };
            self.count(|traffic| traffic.sent += wire.len() as u64);
            tokio::time::sleep(Duration::from_micros(BYTE_MICROS * wire.len() as u64)).await;
            self.write(&wire).await?;
        }
        Ok(())
    }

    fn count(&self, add: impl FnOnce(&mut Traffic)) {
        add(&mut self.traffic.lock().unwrap_or_else(PoisonError::into_inner));
    }

    async fn read(&self, piece: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.master.readable().await?;
            if let Ok(read) = ready.try_io(|fd| nix::unistd::read(fd.get_ref(), piece).map_err(io::Error::from)) {
                return read;
            }
        }
    }

    async fn write(&self, mut wire: &[u8]) -> io::Result<()> {
        while !wire.is_empty() {
            let mut ready = self.master.writable().await?;
            if let Ok(written) = ready.try_io(|fd| nix::unistd::write(fd.get_ref(), wire).map_err(io::Error::from)) {
                wire = &wire[written?..];
            }
        }
        Ok(())
    }
}

/// The sensor's inside: image, two buffers, and what it is receiving.
struct Chip {
    image: Option<Result<Code, ()>>,
    buffers: [Vec<u8>; 2],
    receiving: Option<(Target, Vec<u8>)>,
    noise: StdRng,
    build: Arc<Mutex<SensorBuild>>,
}

/// Where data go.
#[derive(Debug, Clone, Copy)]
enum Target {
    Buffer(usize),
    Image,
}

impl Chip {
    fn new(build: Arc<Mutex<SensorBuild>>) -> Self {
        Self {
            build,
            image: None,
            buffers: [Vec::new(), Vec::new()],
            receiving: None,
            noise: StdRng::seed_from_u64(rand::random()),
        }
    }

    fn take(&mut self, frame: &Frame, view: &watch::Sender<SensorView>) -> Vec<Frame> {
        match frame.kind {
            Kind::Command => self.command(&frame.payload, view),
            Kind::Data | Kind::LastData => {
                self.receive(frame, view.borrow().fault == SensorFault::KeepsTemplates);
                Vec::new()
            }
            Kind::Acknowledge => Vec::new(),
        }
    }

    fn command(&mut self, payload: &[u8], view: &watch::Sender<SensorView>) -> Vec<Frame> {
        let buffer = |place: u8| usize::from(place == 2);
        let build = self.build.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match *payload {
            [0x13, 0, 0, 0, 0] => ok(&[]),
            [0x13, ..] => confirm(0x13),
            [0x0F] => ok(&[0, 0, 0, 9, 0, 200, 0, build.security_level, 0xFF, 0xFF, 0xFF, 0xFF, 0, 2, 0, 6]),
            [0x01] => self.capture(view),
            [0x02, place] => match self.image.take() {
                None => confirm(0x15),
                Some(Err(())) => confirm(0x07),
                Some(Ok(code)) => {
                    self.buffers[buffer(place)] = features(&code);
                    ok(&[])
                }
            },
            [0x03] if view.borrow().fault == SensorFault::AlwaysMatches => ok(&180u16.to_be_bytes()),
            [0x03] => match likeness(&self.buffers[0], &self.buffers[1]) {
                Some(distance) if distance <= DISTANCE_MAX => {
                    // At most 200.
                    let score = (200 - distance.min(150)) as u16;
                    ok(&score.to_be_bytes())
                }
                _ => vec![acknowledge(0x08, &[0, 0])],
            },
            [0x05] => self.combine(view.borrow().fault == SensorFault::CombinesAnything),
            [0x08, place] => upload(&self.buffers[buffer(place)]),
            [0x09, place] => {
                self.receiving = Some((Target::Buffer(buffer(place)), Vec::new()));
                ok(&[])
            }
            [0x0B] if build.takes_images => {
                self.receiving = Some((Target::Image, Vec::new()));
                ok(&[])
            }
            [0x1D] => ok(&build.stored.to_be_bytes()),
            [0x39] if build.is_newer => ok(&padded("pforte twin 1", 32)),
            [0x3A] if build.is_newer => ok(&padded("1.0", 32)),
            [0x3C] if build.is_newer => {
                let [width, height] = [IMAGE_WIDTH, IMAGE_HEIGHT].map(|pixels| (pixels as u16).to_be_bytes());
                let model = (MODEL_BYTES as u16).to_be_bytes();
                let texts = [padded("TWIN", 16), padded("0001", 4), padded(&build.serial, 8), vec![1, 0]];
                let sizes = [padded("NONE", 8), width.into(), height.into(), model.into(), vec![0, 200]];
                ok(&[texts.concat(), sizes.concat()].concat())
            }
            [0x35, control, _, colour, _] => {
                view.send_modify(|view| view.ring = if control == 4 { 0 } else { colour });
                ok(&[])
            }
            _ => confirm(0x01),
        }
    }

    fn capture(&mut self, view: &watch::Sender<SensorView>) -> Vec<Frame> {
        let SensorView { finger, fault, .. } = *view.borrow();
        let Some(finger) = finger else { return confirm(0x02) };
        self.image = Some(if fault == SensorFault::MisreadNext {
            view.send_modify(|view| view.fault = SensorFault::None);
            Err(())
        } else {
            Ok(self.noisy(code_of(finger)))
        });
        ok(&[])
    }

    fn noisy(&mut self, mut code: Code) -> Code {
        for _ in 0..NOISE_BITS {
            let bit = self.noise.random_range(0..CODE_BYTES * 8);
            code[bit / 8] ^= 1 << (bit % 8);
        }
        code
    }

    fn combine(&mut self, combines_anything: bool) -> Vec<Frame> {
        let (Some(first), Some(second)) = (codes(&self.buffers[0]), codes(&self.buffers[1])) else {
            return confirm(0x0A);
        };
        let near = likeness(&self.buffers[0], &self.buffers[1]).is_some_and(|distance| distance <= DISTANCE_MAX);
        if !near && !combines_anything {
            return confirm(0x0A);
        }
        let model = model(&first[0], &second[0]);
        self.buffers = [model.clone(), model];
        ok(&[])
    }

    fn receive(&mut self, frame: &Frame, keeps_templates: bool) {
        let Some((target, bytes)) = &mut self.receiving else { return };
        bytes.extend(&frame.payload);
        let most = match target {
            Target::Buffer(_) => MODEL_BYTES,
            Target::Image => IMAGE_WIDTH * IMAGE_HEIGHT / 2,
        };
        if frame.kind != Kind::LastData && bytes.len() <= most {
            return;
        }
        let bytes = std::mem::take(bytes);
        match *target {
            Target::Buffer(_) if keeps_templates && bytes.iter().all(|byte| *byte == 0) => {}
            Target::Buffer(buffer) => self.buffers[buffer] = bytes,
            // What is no whole image is too little to see anything on.
            Target::Image => self.image = Some(code_on(&bytes).ok_or(())),
        }
        self.receiving = None;
    }
}

/// What can be made out on an image: which of the fields that it is cut into are lighter than the one after the next.
fn code_on(image: &[u8]) -> Option<Code> {
    const FIELDS_ACROSS: usize = 16;
    const FIELDS: usize = CODE_BYTES * 8;
    if image.len() != IMAGE_WIDTH * IMAGE_HEIGHT / 2 {
        return None;
    }
    let (across, down) = (IMAGE_WIDTH / FIELDS_ACROSS, IMAGE_HEIGHT / (FIELDS / FIELDS_ACROSS));
    let mut light = vec![0_u32; FIELDS];
    for (place, byte) in image.iter().enumerate() {
        let (x, y) = (place * 2 % IMAGE_WIDTH, place * 2 / IMAGE_WIDTH);
        light[y / down * FIELDS_ACROSS + x / across] += u32::from(byte >> 4) + u32::from(byte & 15);
    }
    let mut code = [0; CODE_BYTES];
    for field in 0..FIELDS {
        code[field / 8] |= u8::from(light[field] > light[(field + 2) % FIELDS]) << (field % 8);
    }
    Some(code)
}

fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(length, 0);
    bytes
}

type Code = [u8; CODE_BYTES];

fn code_of(finger: FingerSeed) -> Code {
    let mut code = [0; CODE_BYTES];
    StdRng::seed_from_u64(finger).fill_bytes(&mut code);
    code
}

/// `03 01`, the code, filler.
fn features(code: &Code) -> Vec<u8> {
    let mut bytes = vec![0x03, 0x01];
    bytes.extend(code);
    bytes.resize(FEATURES_BYTES, 0xA5);
    bytes
}

/// `03 02`, both codes, filler.
fn model(first: &Code, second: &Code) -> Vec<u8> {
    let mut bytes = vec![0x03, 0x02];
    bytes.extend(first);
    bytes.extend(second);
    bytes.resize(MODEL_BYTES, 0x5A);
    bytes
}

fn codes(bytes: &[u8]) -> Option<Vec<Code>> {
    let count = match bytes {
        [0x03, count @ 1..=2, ..] => usize::from(*count),
        _ => return None,
    };
    let body = bytes.get(2..2 + count * CODE_BYTES)?;
    Some(body.chunks_exact(CODE_BYTES).filter_map(|chunk| chunk.try_into().ok()).collect())
}

/// Bits that differ between the nearest codes of two templates; none if one of them is no template.
fn likeness(left: &[u8], right: &[u8]) -> Option<u32> {
    let (left, right) = (codes(left)?, codes(right)?);
    let distance = |a: &Code, b: &Code| a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
    left.iter().flat_map(|a| right.iter().map(move |b| distance(a, b))).min()
}

fn acknowledge(code: u8, rest: &[u8]) -> Frame {
    Frame { address: ADDRESS_DEFAULT, kind: Kind::Acknowledge, payload: [&[code], rest].concat() }
}

fn ok(rest: &[u8]) -> Vec<Frame> {
    vec![acknowledge(0, rest)]
}

fn confirm(code: u8) -> Vec<Frame> {
    vec![acknowledge(code, &[])]
}

fn upload(bytes: &[u8]) -> Vec<Frame> {
    if bytes.is_empty() {
        return confirm(0x0D);
    }
    let mut frames = ok(&[]);
    frames.extend(bytes.chunks(128).map(|piece| Frame {
        address: ADDRESS_DEFAULT,
        kind: Kind::Data,
        payload: piece.to_vec(),
    }));
    if let Some(last) = frames.last_mut() {
        last.kind = Kind::LastData;
    }
    frames
}
