//! Replaces a file so that after a power cut either the old or the new content is there, whole; and what makes a new entry of a
//! folder last.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes `content` to `path`, readable by the owner alone.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("fresh");
    // Made anew, so that a file left there with looser rights is not written into.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    sync_entry(path)
}

/// Has the entry of a file or folder in the folder above it survive a power cut.
pub fn sync_entry(path: &Path) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()
}

/// Reads a file, if it is there.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_that_of_the_folder_above() {
        let folder = tempfile::tempdir().unwrap();
        sync_entry(&folder.path().join("new")).unwrap();
        sync_entry(Path::new("new")).unwrap();
        assert_eq!(sync_entry(Path::new("/")).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let lost = sync_entry(&folder.path().join("gone/new")).unwrap_err();
        assert_eq!(lost.kind(), io::ErrorKind::NotFound, "the folder above is what is synced");
    }
}
