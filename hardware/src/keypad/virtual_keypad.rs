//! A keypad's twin: writes the kernel's frames into a pipe, which the driver opens in place of a device.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use tokio::sync::watch;

use super::frame::{EV_KEY, EV_SYN, KEY_BACKSPACE, KEY_ENTER, KEY_ESC, PRESSED, frame};

/// Most keys that can be pressed at once; a pipe takes many times more.
pub const KEYS_MAX: usize = 64;
const EV_MSC: u16 = 4;
const MSC_SCAN: u16 = 4;

/// The twin.
#[derive(Debug)]
pub struct VirtualKeypad {
    path: PathBuf,
    pipe: Mutex<Option<File>>,
    is_plugged: watch::Sender<bool>,
}

impl VirtualKeypad {
    /// Plugs a keypad in: `path` becomes its pipe.
    pub fn plug(path: &Path) -> io::Result<Self> {
        let keypad = Self { path: path.to_owned(), pipe: Mutex::new(None), is_plugged: watch::channel(false).0 };
        keypad.plug_again()?;
        Ok(keypad)
    }

    /// Presses keys, one after the other: digits, `#` for Enter, `*` for Clear, `!` for Cancel.
    pub fn press(&self, keys: &str) -> io::Result<()> {
        let invalid = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why.to_owned());
        if keys.len() > KEYS_MAX {
            return Err(invalid("too many keys at once"));
        }
        let mut frames = Vec::new();
        for key in keys.bytes() {
            let code = match key {
                b'0' => 11,
                b'1'..=b'9' => u16::from(key - b'0') + 1,
                b'#' => KEY_ENTER,
                b'*' => KEY_BACKSPACE,
                b'!' => KEY_ESC,
                _ => return Err(invalid("keys are digits, # for Enter, * for Clear and ! for Cancel")),
            };
            // As a keypad's driver tells it: where the key is, that it went down, that it came up.
            let scanned = frame(EV_MSC, MSC_SCAN, 0x7_0000 + i32::from(code));
            let end = frame(EV_SYN, 0, 0);
            frames.extend([scanned, frame(EV_KEY, code, PRESSED), end, scanned, frame(EV_KEY, code, 0), end].concat());
        }
        match &mut *self.pipe() {
            Some(pipe) => pipe.write_all(&frames),
            None => Err(io::Error::new(io::ErrorKind::NotConnected, "the keypad is unplugged")),
        }
    }

    /// Takes its pipe away: whoever holds it open is told that it is gone.
    pub fn unplug(&self) {
        if self.pipe().take().is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
        self.is_plugged.send_replace(false);
    }

    /// Gives it a pipe again, at the same path.
    pub fn plug_again(&self) -> io::Result<()> {
        self.unplug();
        let _ = std::fs::remove_file(&self.path);
        nix::unistd::mkfifo(&self.path, Mode::S_IRUSR | Mode::S_IWUSR)?;
        // For reading too, or opening would wait for a driver.
        let flags = OFlag::O_NONBLOCK.bits();
        let pipe = OpenOptions::new().read(true).write(true).custom_flags(flags).open(&self.path)?;
        *self.pipe() = Some(pipe);
        self.is_plugged.send_replace(true);
        Ok(())
    }

    /// Whether it is plugged in, now and from now on.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.is_plugged.subscribe()
    }

    fn pipe(&self) -> std::sync::MutexGuard<'_, Option<File>> {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for VirtualKeypad {
    fn drop(&mut self) {
        self.unplug();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Digits, Entry, Keypad, KeypadConfig, KeypadError, Pressed, Typed};
    use super::*;
    use crate::FaultKind;

    async fn typed(keypad: &mut Keypad) -> Result<Typed, KeypadError> {
        let mut entry = Entry::default();
        loop {
            match keypad.pressed().await? {
                Pressed::Lost => entry.clear(),
                Pressed::Key(key) => {
                    if let Some(typed) = entry.press(key) {
                        return Ok(typed);
                    }
                }
            }
        }
    }

    fn digits(text: &str) -> Typed {
        Typed::Digits(Digits::new(text).unwrap())
    }

    #[tokio::test]
    async fn the_driver_reads_the_twin_as_it_reads_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keypad");
        let config = KeypadConfig::Virtual { pipe: path.clone() };
        assert_eq!(Keypad::open(&config).err().unwrap().kind(), FaultKind::Disconnected);
        let twin = VirtualKeypad::plug(&path).unwrap();
        let mut keypad = Keypad::open(&config).unwrap();
        twin.press("0123456789#").unwrap();
        assert_eq!(typed(&mut keypad).await.unwrap(), digits("0123456789"));
        twin.press("12*34#!5#").unwrap();
        assert_eq!(typed(&mut keypad).await.unwrap(), digits("34"));
        assert_eq!(typed(&mut keypad).await.unwrap(), Typed::Cancelled);
        assert_eq!(typed(&mut keypad).await.unwrap(), digits("5"));
        assert!(twin.press("12a").is_err());

        // Unplugged in the middle of an entry.
        twin.press("12").unwrap();
        twin.unplug();
        assert!(twin.press("1").is_err());
        assert!(matches!(typed(&mut keypad).await, Err(KeypadError::Gone { .. })));
        assert!(Keypad::open(&config).is_err());
        twin.plug_again().unwrap();
        let mut keypad = Keypad::open(&config).unwrap();
        twin.press("6#").unwrap();
        assert_eq!(typed(&mut keypad).await.unwrap(), digits("6"), "the half before is gone");
    }

    #[tokio::test]
    async fn what_is_no_keypad_is_not_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keypad");
        std::fs::write(&path, [0; 48]).unwrap();
        let open = |config: KeypadConfig| Keypad::open(&config).err().unwrap();
        let refused = open(KeypadConfig::Virtual { pipe: path.clone() });
        assert!(matches!(refused, KeypadError::NotOne { .. }), "{refused}");
        let refused = open(KeypadConfig::Evdev { device: path.clone() });
        assert!(matches!(refused, KeypadError::NotOne { .. }), "{refused}");
        // A device that can't be grabbed: no digit may be read that others read too.
        let refused = open(KeypadConfig::Evdev { device: "/dev/null".into() });
        assert!(matches!(refused, KeypadError::Taken { .. }), "{refused}");
        // A twin's pipe is no device, so that a configuration for a real one can't be met by it.
        let _twin = VirtualKeypad::plug(&folder.path().join("pipe")).unwrap();
        let refused = open(KeypadConfig::Evdev { device: folder.path().join("pipe") });
        assert!(matches!(refused, KeypadError::NotOne { .. }), "{refused}");
    }
}
