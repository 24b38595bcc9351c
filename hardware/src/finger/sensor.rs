//! The sensor's driver, over any byte stream.
//!
//! Every exchange has a deadline. A late answer is dropped with the rest of what the line holds before the next command
//! goes out, so that answers never shift by one. A future of this driver may be dropped in the middle of an exchange: the
//! next command first brings that exchange to its end, however much of it was still to be sent or to come.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::packet::{ADDRESS_DEFAULT, Decoder, Frame, Kind, PAYLOAD_BYTES_MAX};
use super::{TEMPLATE_BYTES_MAX, Template};
use crate::FaultKind;

/// Speed of the line unless set otherwise, in baud.
pub const BAUD_DEFAULT: u32 = 57_600;
/// How long a command without data may take to be answered (capture takes longest: field reports say up to 1 s).
const ANSWER_WAIT: Duration = Duration::from_millis(1_500);
/// How long a template's transfer may take (1,668 wire bytes take 290 ms at 57,600 baud; 4 KiB at 19,200 takes 2.2 s).
const TRANSFER_WAIT: Duration = Duration::from_secs(3);
/// How long to wait between two looks for a finger.
pub(super) const LOOK_PAUSE: Duration = Duration::from_millis(30);
/// Before each command the line is listened to for so long. Only if it brings something is it waited for until it is quiet:
/// whatever was asked before has been answered by then, unless it ended without a proper end.
const DRAIN_WAIT: Duration = Duration::from_millis(2);
/// A line that brought nothing for so long counts as quiet when it was opened, or after an exchange without a proper end (the
/// largest packet at 57,600 baud takes 47 ms, and adapters hand bytes over every 16 ms).
const QUIET_WAIT: Duration = Duration::from_millis(100);
/// A line that is not quiet after so long brings noise: no answer of a sensor takes longer.
const NOISE_WAIT: Duration = TRANSFER_WAIT;
pub(super) mod command {
    pub(in crate::finger) const CAPTURE: u8 = 0x01;
    pub(in crate::finger) const EXTRACT: u8 = 0x02;
    pub(in crate::finger) const MATCH: u8 = 0x03;
    pub(in crate::finger) const COMBINE: u8 = 0x05;
    pub(in crate::finger) const READ_BUFFER: u8 = 0x08;
    pub(in crate::finger) const WRITE_BUFFER: u8 = 0x09;
    pub(in crate::finger) const WRITE_IMAGE: u8 = 0x0B;
    pub(in crate::finger) const READ_PARAMETERS: u8 = 0x0F;
    pub(in crate::finger) const VERIFY_PASSWORD: u8 = 0x13;
    pub(in crate::finger) const COUNT_STORED: u8 = 0x1D;
    pub(in crate::finger) const LED: u8 = 0x35;
    pub(in crate::finger) const READ_ALGORITHM: u8 = 0x39;
    pub(in crate::finger) const READ_FIRMWARE: u8 = 0x3A;
    pub(in crate::finger) const READ_PRODUCT: u8 = 0x3C;
}

/// A buffer inside the sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Buffer {
    /// Holds what was captured last.
    Captured = 1,
    /// Holds what it is compared with.
    Reference = 2,
}

/// A serial line with a sensor at its end.
pub type SerialSensor = Sensor<serial2_tokio::SerialPort>;

/// A sensor over a byte stream.
#[derive(Debug)]
pub struct Sensor<S> {
    line: S,
    decoder: Decoder,
    address: u32,
    packet_bytes: usize,
    /// Speed of the line in baud, by its own word.
    baud: u32,
    /// What is not over yet, and outlasts a future that was dropped.
    open: Option<Exchange>,
}

/// An exchange that is under way.
#[derive(Debug)]
struct Exchange {
    /// Bytes for the sensor, which counts on whole packets. Wiped from memory with the exchange.
    bytes: Zeroizing<Vec<u8>>,
    /// How many of them the line has taken.
    sent: usize,
    /// What it will say then.
    to_come: ToCome,
    /// It says nothing more from here on.
    deadline: Instant,
}

impl Exchange {
    fn of(bytes: Zeroizing<Vec<u8>>, to_come: ToCome, deadline: Instant) -> Self {
        Self { bytes, sent: 0, to_come, deadline }
    }
}

/// What the sensor still says in an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ToCome {
    /// Nothing.
    Nothing,
    /// An acknowledgement.
    Answer,
    /// An acknowledgement, and data if it is a good one.
    AnswerAndData,
    /// Data.
    Data,
}

/// What the sensor says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Its system identifier.
    pub system_id: u16,
    /// How many templates its flash could hold.
    pub library_size: u16,
    /// Threshold of its comparison, 1 (lenient) to 5 (strict).
    pub security_level: u16,
    /// Address that it answers to.
    pub address: u32,
    /// Data packets have so many bytes.
    pub packet_bytes: usize,
    /// Speed of the line in baud.
    pub baud: u32,
}

/// What one look at the glass brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// An image was taken.
    Taken,
    /// No finger.
    NoFinger,
    /// A finger, and no usable image.
    Unclear,
}

/// What the sensor's ring shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Led {
    /// Nothing.
    Off,
    /// Slowly breathing blue: place the finger.
    Wanting,
    /// Green.
    Good,
    /// Red.
    Bad,
}

/// Why the sensor refused, by its confirmation code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 01.
    #[error("the packet arrived damaged")]
    Damaged,
    /// 02.
    #[error("no finger on the glass")]
    NoFinger,
    /// 03.
    #[error("no image could be taken")]
    NoImage,
    /// 06.
    #[error("the image is too disordered")]
    Disordered,
    /// 07.
    #[error("the image has too few features")]
    TooFewFeatures,
    /// 08.
    #[error("the fingers do not match")]
    NotMatched,
    /// 0A.
    #[error("the captures do not combine")]
    DoesNotCombine,
    /// 0D or 0E or 0F.
    #[error("the sensor can't transfer a template")]
    CannotTransfer,
    /// 13.
    #[error("wrong password")]
    WrongPassword,
    /// 15.
    #[error("there is no image")]
    ImageMissing,
    /// Any other.
    #[error("confirmation code {0:#04x}")]
    Other(u8),
}

impl Refusal {
    fn of(code: u8) -> Self {
        match code {
            0x01 => Self::Damaged,
            0x02 => Self::NoFinger,
            0x03 => Self::NoImage,
            0x06 => Self::Disordered,
            0x07 => Self::TooFewFeatures,
            0x08 => Self::NotMatched,
            0x0A => Self::DoesNotCombine,
            0x0D..=0x0F => Self::CannotTransfer,
            0x13 => Self::WrongPassword,
            0x15 => Self::ImageMissing,
            other => Self::Other(other),
        }
    }
}

/// Why an exchange with the sensor failed.
#[derive(Debug, thiserror::Error)]
pub enum SensorError {
    /// It did not answer in time.
    #[error("the sensor did not answer {to} in time")]
    Timeout {
        /// What it was asked.
        to: &'static str,
    },
    /// The line is gone.
    #[error("the sensor's line is gone: {0}")]
    Disconnected(#[source] io::Error),
    /// It answered, and said no.
    #[error("the sensor refused {to}: {refusal}")]
    Refused {
        /// What it was asked.
        to: &'static str,
        /// Its reason.
        refusal: Refusal,
    },
    /// It answered what it must not.
    #[error("the sensor answered {to} with {answer}")]
    Unexpected {
        /// What it was asked.
        to: &'static str,
        /// What came.
        answer: String,
    },
    /// What was written into its buffer reads back otherwise.
    #[error("the template in the sensor's buffer is not the one that was written")]
    BufferDiffers,
    /// What was compared can't be shown to be gone from its buffers.
    #[error("the sensor's buffers could not be wiped: what was compared may still lie there")]
    NotWiped,
}

impl SensorError {
    /// Which of the three kinds it is.
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::Timeout { .. } => FaultKind::Timeout,
            Self::Disconnected(_) => FaultKind::Disconnected,
            Self::Refused { .. } | Self::Unexpected { .. } | Self::BufferDiffers | Self::NotWiped => {
                FaultKind::Protocol
            }
        }
    }

    pub(super) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(*refusal),
            _ => None,
        }
    }
}

impl SerialSensor {
    /// Opens a serial line (or a pseudo-terminal) and the sensor at its end.
    pub async fn open_serial(path: &Path, baud: u32, password: u32) -> Result<Self, SensorError> {
        let line = serial2_tokio::SerialPort::open(path, baud).map_err(SensorError::Disconnected)?;
        Self::open(line, password).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sensor<S> {
    /// Waits until the line is quiet, checks the password and reads the parameters. A sensor may be in the middle of an
    /// answer to a program that ended: what is left of it must not be taken for the answer to the password.
    pub async fn open(line: S, password: u32) -> Result<Self, SensorError> {
        let mut sensor = Self {
            line,
            decoder: Decoder::new(),
            address: ADDRESS_DEFAULT,
            packet_bytes: 128,
            baud: BAUD_DEFAULT,
            open: None,
        };
        sensor.read_away(QUIET_WAIT, NOISE_WAIT).await?;
        let mut payload = vec![command::VERIFY_PASSWORD];
        payload.extend(password.to_be_bytes());
        sensor.command("the password", &payload).await?;
        let parameters = sensor.parameters().await?;
        (sensor.packet_bytes, sensor.baud) = (parameters.packet_bytes, parameters.baud.max(1));
        Ok(sensor)
    }

    /// What the sensor says of itself.
    pub async fn parameters(&mut self) -> Result<Parameters, SensorError> {
        let to = "its parameters";
        let answer = self.command(to, &[command::READ_PARAMETERS]).await?;
        let word = |place: usize| answer.get(place..place + 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        let (Some(system_id), Some(library_size), Some(security_level)) = (word(2), word(4), word(6)) else {
            return Err(unexpected(to, &answer));
        };
        let (Some(high), Some(low), Some(packet_code), Some(baud_code)) = (word(8), word(10), word(12), word(14))
        else {
            return Err(unexpected(to, &answer));
        };
        let address = u32::from(high) << 16 | u32::from(low);
        let packet_bytes = match packet_code {
            0..=3 => 32 << packet_code,
            _ => return Err(unexpected(to, &answer)),
        };
        let baud = u32::from(baud_code) * 9_600;
        Ok(Parameters { system_id, library_size, security_level, address, packet_bytes, baud })
    }

    pub(super) fn packet_bytes(&self) -> usize {
        self.packet_bytes
    }

    /// How long the line takes for so many bytes with their start and stop bits.
    pub(super) fn line_time(&self, bytes: usize) -> Duration {
        Duration::from_secs(10 * bytes as u64) / self.baud
    }

    /// How many templates lie in the sensor's own flash. Pforte keeps it empty.
    pub async fn count_stored(&mut self) -> Result<u16, SensorError> {
        let answer = self.command("its number of stored templates", &[command::COUNT_STORED]).await?;
        match answer[..] {
            [high, low] => Ok(u16::from_be_bytes([high, low])),
            _ => Err(unexpected("its number of stored templates", &answer)),
        }
    }

    /// Lights the ring.
    pub async fn show(&mut self, led: Led) -> Result<(), SensorError> {
        // Control (1 breathing, 3 on, 4 off), speed, colour (1 red, 2 blue, 4 green), count (0: for good).
        let [control, colour] = match led {
            Led::Off => [4, 1],
            Led::Wanting => [1, 2],
            Led::Good => [3, 4],
            Led::Bad => [3, 1],
        };
        self.command("the ring's light", &[command::LED, control, 0x60, colour, 0]).await.map(|_| ())
    }

    /// Looks until the glass shows `wanted` or the deadline passes; answers what it saw last.
    pub(super) async fn wait_for(&mut self, wanted: Capture, deadline: Instant) -> Result<Capture, SensorError> {
        loop {
            let seen = self.look().await?;
            if seen == wanted || Instant::now() >= deadline {
                return Ok(seen);
            }
            tokio::time::sleep_until((Instant::now() + LOOK_PAUSE).min(deadline)).await;
        }
    }

    /// Takes an image, if there is a finger.
    pub async fn look(&mut self) -> Result<Capture, SensorError> {
        match self.command("a capture", &[command::CAPTURE]).await {
            Ok(_) => Ok(Capture::Taken),
            Err(SensorError::Refused { refusal: Refusal::NoFinger, .. }) => Ok(Capture::NoFinger),
            Err(SensorError::Refused { refusal: Refusal::NoImage, .. }) => Ok(Capture::Unclear),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn extract(&mut self, buffer: Buffer) -> Result<(), SensorError> {
        self.command("an extraction", &[command::EXTRACT, buffer as u8]).await.map(|_| ())
    }

    /// Compares the two buffers: how alike they are, none if they are of two fingers.
    pub(super) async fn compare(&mut self) -> Result<Option<u16>, SensorError> {
        match self.command("a comparison", &[command::MATCH]).await {
            Ok(answer) => match answer[..] {
                [high, low] => Ok(Some(u16::from_be_bytes([high, low]))),
                _ => Err(unexpected("a comparison", &answer)),
            },
            Err(SensorError::Refused { refusal: Refusal::NotMatched, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Combines both buffers into one model, which then lies in both.
    pub(super) async fn combine(&mut self) -> Result<(), SensorError> {
        self.command("a combination", &[command::COMBINE]).await.map(|_| ())
    }

    pub(super) async fn write_buffer(&mut self, buffer: Buffer, template: &Template) -> Result<(), SensorError> {
        self.send_buffer(buffer, template.as_bytes()).await?;
        self.check_buffer(buffer, template).await
    }

    /// No acknowledgement after the data is documented: reading back is the only proof that they arrived.
    pub(super) async fn check_buffer(&mut self, buffer: Buffer, template: &Template) -> Result<(), SensorError> {
        if self.read_buffer(buffer).await? == *template { Ok(()) } else { Err(SensorError::BufferDiffers) }
    }

    pub(super) async fn send_buffer(&mut self, buffer: Buffer, bytes: &[u8]) -> Result<(), SensorError> {
        let to = "to take a template";
        self.command(to, &[command::WRITE_BUFFER, buffer as u8]).await?;
        self.send_data(to, bytes, true).await
    }

    /// Sends data in packets of the sensor's size. `is_all` marks the last one as the end of the transfer.
    pub(super) async fn send_data(&mut self, to: &'static str, bytes: &[u8], is_all: bool) -> Result<(), SensorError> {
        let mut pieces = bytes.chunks(self.packet_bytes).peekable();
        // Long enough for all packets: a vector that grew would leave a copy behind.
        let mut packets = Zeroizing::new(Vec::with_capacity(bytes.len() * 2 + 2 * PAYLOAD_BYTES_MAX));
        while let Some(piece) = pieces.next() {
            let kind = if pieces.peek().is_some() || !is_all { Kind::Data } else { Kind::LastData };
            let frame = Frame { address: self.address, kind, payload: piece.to_vec() };
            packets.extend_from_slice(&Zeroizing::new(frame.encode()));
        }
        self.open = Some(Exchange::of(packets, ToCome::Nothing, Instant::now() + TRANSFER_WAIT));
        self.send(to).await?;
        self.open = None;
        Ok(())
    }

    pub(super) async fn read_buffer(&mut self, buffer: Buffer) -> Result<Template, SensorError> {
        let to = "for a template";
        self.command(to, &[command::READ_BUFFER, buffer as u8]).await?;
        let deadline = Instant::now() + TRANSFER_WAIT;
        self.open = Some(Exchange::of(Zeroizing::default(), ToCome::Data, deadline));
        let mut bytes = Zeroizing::new(Vec::with_capacity(TEMPLATE_BYTES_MAX + PAYLOAD_BYTES_MAX));
        loop {
            let frame = self.receive(to, deadline).await?;
            let is_last = match frame.kind {
                Kind::Data => false,
                Kind::LastData => true,
                Kind::Command | Kind::Acknowledge => return Err(unexpected_frame(to, &frame)),
            };
            bytes.extend_from_slice(&frame.payload);
            if bytes.len() > TEMPLATE_BYTES_MAX {
                return Err(SensorError::Unexpected { to, answer: "more data than any template has".to_owned() });
            }
            if is_last {
                self.open = None;
                let template = Template::new(std::mem::take(&mut *bytes));
                return template.map_err(|_| SensorError::Unexpected { to, answer: "no data".to_owned() });
            }
        }
    }

    /// Sends a command and takes its acknowledgement; answers what follows the confirmation code. Where data follow a good
    /// one, the exchange stays open.
    pub(super) async fn command(&mut self, to: &'static str, payload: &[u8]) -> Result<Vec<u8>, SensorError> {
        self.settle().await?;
        self.drain().await?;
        let frame = Frame { address: self.address, kind: Kind::Command, payload: payload.to_vec() };
        let has_data = payload.first() == Some(&command::READ_BUFFER);
        let to_come = if has_data { ToCome::AnswerAndData } else { ToCome::Answer };
        let deadline = Instant::now() + ANSWER_WAIT;
        self.open = Some(Exchange::of(Zeroizing::new(frame.encode()), to_come, deadline));
        self.send(to).await?;
        let answer = self.receive(to, deadline).await?;
        match (answer.kind, answer.payload.split_first()) {
            (Kind::Acknowledge, Some((0, rest))) => {
                self.open = None;
                Ok(rest.to_vec())
            }
            (Kind::Acknowledge, Some((&code, _))) => {
                self.open = None;
                Err(SensorError::Refused { to, refusal: Refusal::of(code) })
            }
            _ => Err(unexpected_frame(to, &answer)),
        }
    }

    /// Sends what the open exchange still has to. Each byte counts as sent as soon as the line has taken it, so this goes on
    /// where a dropped future stopped.
    async fn send(&mut self, to: &'static str) -> Result<(), SensorError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        while let Some(next) = open.bytes.get(open.sent..).filter(|next| !next.is_empty()) {
            match within(to, open.deadline, self.line.write(next)).await? {
                0 => return Err(SensorError::Disconnected(io::ErrorKind::WriteZero.into())),
                sent => open.sent += sent,
            }
        }
        within(to, open.deadline, self.line.flush()).await
    }

    /// Brings an exchange to its end that was left in the middle: a sensor in the middle of a packet takes the next command
    /// for data, and what it still sends would be taken for the answer. One that does not end properly in its time is
    /// waited for until the line is quiet.
    async fn settle(&mut self) -> Result<(), SensorError> {
        let to = "what it was asked before";
        loop {
            let Some(open) = &self.open else { return Ok(()) };
            let (to_come, deadline) = (open.to_come, open.deadline);
            let ended = match self.send(to).await {
                Ok(()) if to_come == ToCome::Nothing => Ok(None),
                Ok(()) => self.receive(to, deadline).await.map(Some),
                Err(error) => Err(error),
            };
            let is_good = |frame: &Frame| frame.payload.first() == Some(&0);
            self.open = match (ended, to_come) {
                (Ok(Some(frame)), ToCome::AnswerAndData) if frame.kind == Kind::Acknowledge && is_good(&frame) => {
                    let deadline = Instant::now() + TRANSFER_WAIT;
                    Some(Exchange::of(Zeroizing::default(), ToCome::Data, deadline))
                }
                (Ok(None), _) => None,
                (Ok(Some(frame)), ToCome::Answer | ToCome::AnswerAndData) if frame.kind == Kind::Acknowledge => None,
                (Ok(Some(frame)), ToCome::Data) if frame.kind == Kind::LastData => None,
                (Ok(Some(_)), _) => continue,
                (Err(SensorError::Timeout { .. }), _) => {
                    self.open = None;
                    return self.read_away(QUIET_WAIT, NOISE_WAIT).await;
                }
                (Err(error), _) => return Err(error),
            };
        }
    }

    /// Reads away what a late answer, a reset (55) or noise left on the line, and what follows it.
    async fn drain(&mut self) -> Result<(), SensorError> {
        match self.read_once(DRAIN_WAIT).await? {
            0 => Ok(()),
            _ => self.read_away(QUIET_WAIT, NOISE_WAIT).await,
        }
    }

    /// Reads away whatever comes until nothing came for `quiet`; whether that comes to be is seen within `total`.
    async fn read_away(&mut self, quiet: Duration, total: Duration) -> Result<(), SensorError> {
        let until = Instant::now() + total;
        while self.read_once(quiet).await? > 0 {
            if Instant::now() >= until {
                return Err(SensorError::Unexpected { to: "nothing", answer: "endless noise".to_owned() });
            }
        }
        Ok(())
    }

    /// Reads a piece away, if one comes within `wait`, and what was begun to be understood; answers its length in bytes.
    async fn read_once(&mut self, wait: Duration) -> Result<usize, SensorError> {
        self.decoder = Decoder::new();
        match timeout_at(Instant::now() + wait, self.line.read(&mut [0; 512])).await {
            Ok(Ok(0)) => Err(SensorError::Disconnected(io::ErrorKind::UnexpectedEof.into())),
            Ok(Ok(length)) => Ok(length),
            Ok(Err(error)) => Err(SensorError::Disconnected(error)),
            Err(_) => Ok(0),
        }
    }

    async fn receive(&mut self, to: &'static str, deadline: Instant) -> Result<Frame, SensorError> {
        let mut piece = [0; 512];
        loop {
            if let Some(frame) = self.decoder.next_frame() {
                return Ok(frame);
            }
            match within(to, deadline, self.line.read(&mut piece)).await? {
                0 => return Err(SensorError::Disconnected(io::ErrorKind::UnexpectedEof.into())),
                length => self.decoder.push(&piece[..length]),
            }
        }
    }
}

/// Whether another try with the same finger may do better.
pub(super) fn is_poor_image(error: &SensorError) -> bool {
    let poor = [Refusal::Disordered, Refusal::TooFewFeatures, Refusal::ImageMissing];
    error.refusal().is_some_and(|refusal| poor.contains(&refusal))
}

async fn within<T>(
    to: &'static str,
    deadline: Instant,
    exchange: impl Future<Output = io::Result<T>>,
) -> Result<T, SensorError> {
    match timeout_at(deadline, exchange).await {
        Ok(done) => done.map_err(SensorError::Disconnected),
        Err(_) => Err(SensorError::Timeout { to }),
    }
}

pub(super) fn unexpected(to: &'static str, answer: &[u8]) -> SensorError {
    SensorError::Unexpected { to, answer: format!("{} bytes", answer.len()) }
}

fn unexpected_frame(to: &'static str, frame: &Frame) -> SensorError {
    SensorError::Unexpected { to, answer: format!("{frame:?}") }
}

#[cfg(all(test, feature = "twins"))]
#[expect(clippy::unwrap_used, reason = "a test ends where it fails")]
mod tests;
