//! A token of one's own in SoftHSM. Where that keeps its tokens it reads from the environment, and it is one library for a whole
//! process: so a test that needs one runs once more, in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::keys::module::token::Pkcs11Token;
use crate::keys::module::{Module, ModulePlace};

/// Debian's, where `scripts/setup` put it.
pub(crate) const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
/// The token's label.
pub(crate) const LABEL: &str = "pforte test";
/// PIN of its user.
pub(crate) const PIN: &str = "1234-user";
/// PIN of its security officer.
const SO_PIN: &str = "5678-officer";
/// Tells the second process where its token lies.
const FOLDER: &str = "PFORTE_TEST_TOKEN";

/// Runs `body` with a token that nobody else has. `test` is the calling test's whole name.
#[track_caller]
pub(crate) fn with_token(test: &str, body: impl FnOnce(&Place)) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return body(&Place { folder: folder.into() });
    }
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    std::fs::write(&config, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display())).unwrap();
    let mut made = Command::new("softhsm2-util");
    made.args(["--init-token", "--free", "--label", LABEL, "--so-pin", SO_PIN, "--pin", PIN]);
    let made = made.env("SOFTHSM2_CONF", &config).output().expect("softhsm2-util: see scripts/setup");
    assert!(made.status.success(), "{made:?}");
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("SOFTHSM2_CONF", &config)
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&again.stdout), String::from_utf8_lossy(&again.stderr));
    assert!(again.status.success() && told.contains("1 passed"), "{told}");
}

/// Where the token is.
pub(crate) struct Place {
    folder: PathBuf,
}

impl Place {
    /// The token, by this PIN.
    pub(crate) fn token(&self, pin: &str) -> Pkcs11Token {
        Pkcs11Token::load(Path::new(SOFTHSM), LABEL, pin).unwrap()
    }

    /// The module as the server opens it.
    pub(crate) fn module(&self) -> Module {
        Module::over(self.token(PIN), Duration::from_secs(30)).unwrap()
    }

    /// As the configuration names it, with the PIN in a file.
    pub(crate) fn configured(&self) -> ModulePlace {
        use std::os::unix::fs::PermissionsExt as _;
        let pin_file = self.folder.join("pin");
        std::fs::write(&pin_file, format!("{PIN}\n")).unwrap();
        std::fs::set_permissions(&pin_file, std::fs::Permissions::from_mode(0o640)).unwrap();
        ModulePlace { module: SOFTHSM.into(), token: LABEL.to_owned(), pin_file, answer_ms_max: 30_000 }
    }
}
