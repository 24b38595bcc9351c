//! One program at a time drives what a data folder is for: the agent while it runs, `commission` while it walks through a door.
//! `doctor` looks who it is, and takes nothing.
//!
//! A record lock of the file system: the kernel frees it whatever became of the process, and tells who holds it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

/// Name of the file in the data folder.
pub const FILE: &str = "agent.lock";

/// The lock, for as long as it lives. A process has it once: what it takes a second time it gives up with the first of them.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The lock is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("process {0} drives the doors of this data folder already")]
    Held(i32),
    /// The file can't be used.
    #[error("{FILE}: {0}")]
    Io(#[from] io::Error),
}

/// Takes the lock of a data folder.
pub fn take(folder: &Path) -> Result<Lock, LockError> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(FILE))?;
    match fcntl(&file, FcntlArg::F_SETLK(&whole(libc::F_WRLCK))) {
        Ok(_) => Ok(Lock { _file: file }),
        Err(Errno::EACCES | Errno::EAGAIN) => Err(LockError::Held(asked(&file)?.unwrap_or_default())),
        Err(error) => Err(io::Error::from(error).into()),
    }
}

/// Which process has the lock of a data folder, if any has.
pub fn holder(folder: &Path) -> io::Result<Option<i32>> {
    match File::open(folder.join(FILE)) {
        Ok(file) => asked(&file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn asked(file: &File) -> io::Result<Option<i32>> {
    let mut found = whole(libc::F_WRLCK);
    fcntl(file, FcntlArg::F_GETLK(&mut found))?;
    Ok((found.l_type != libc::F_UNLCK as libc::c_short).then_some(found.l_pid))
}

fn whole(kind: libc::c_int) -> libc::flock {
    // Each of the three kinds is one of 0, 1 and 2.
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    /// Tells a test's second run which folder to lock.
    const LOCKED: &str = "PFORTE_TEST_LOCKED";

    /// A process never meets its own lock: the test runs itself a second time.
    #[test]
    fn another_process_is_refused_and_named_until_it_ends() {
        if let Some(folder) = std::env::var_os(LOCKED) {
            let _lock = take(Path::new(&folder)).unwrap();
            println!("\nlocked");
            let _ = io::stdin().read_line(&mut String::new());
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(holder(folder.path()).unwrap(), None);
        let mut other = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "lock::tests::another_process_is_refused_and_named_until_it_ends", "--nocapture"])
            .env(LOCKED, folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(other.stdout.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap() == "locked"));
        let pid = i32::try_from(other.id()).unwrap();
        assert_eq!(holder(folder.path()).unwrap(), Some(pid));
        let refused = take(folder.path()).unwrap_err();
        assert!(matches!(refused, LockError::Held(held) if held == pid), "{refused}");
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(holder(folder.path()).unwrap(), None, "however it ended");
        take(folder.path()).unwrap();
    }

    #[test]
    fn a_folder_that_is_not_there_is_no_holder() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(take(&folder.path().join("gone")), Err(LockError::Io(_))));
        assert_eq!(holder(&folder.path().join("gone")).unwrap(), None);
    }
}
