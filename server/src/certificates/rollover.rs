//! Another authority in place of the one in use, without a visit to any door: the next one is made and told to every agent over
//! its link; once all know it, it is taken into use, and the one before is still trusted until every agent has a certificate of the
//! new one; then it is forgotten. Called by the command line on the server, which then is started anew, and by whoever opens the
//! authority. Each step is whole after a power cut, or is completed at the next start.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::extensions::ParsedExtension;

use super::{CERTIFICATE, KEY, make_authority, write_private};
use crate::keys::sync_entry;

/// Names of the files of the authority to come, and of the one before, whose key is gone.
const NEXT_CERTIFICATE: &str = "next-ca.pem";
const NEXT_KEY: &str = "next-ca.key";
const FORMER_CERTIFICATE: &str = "former-ca.pem";

/// How far a change of the authority is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// None is under way.
    None,
    /// The next one is made and not in use.
    Next,
    /// The new one is in use, the one before still trusted.
    Former,
}

/// How far a change is.
pub fn step(folder: &Path) -> anyhow::Result<Step> {
    Ok(match (folder.join(NEXT_CERTIFICATE).try_exists()?, folder.join(FORMER_CERTIFICATE).try_exists()?) {
        (true, _) => Step::Next,
        (false, true) => Step::Former,
        (false, false) => Step::None,
    })
}

/// Makes the next authority. The server tells agents of it after its next start.
pub fn prepare(folder: &Path, now: DateTime<Utc>) -> anyhow::Result<()> {
    ensure!(folder.join(KEY).try_exists()?, "there is no authority in {}: start the server first", folder.display());
    match step(folder)? {
        Step::None => {}
        Step::Next => bail!("the next authority is made already"),
        Step::Former => bail!("the change before is not finished"),
    }
    let (certificate, key) = make_authority(now)?;
    // The certificate comes last: where it is, the key was too.
    write_private(&folder.join(NEXT_KEY), key.as_bytes())?;
    write_private(&folder.join(NEXT_CERTIFICATE), certificate.as_bytes())
}

/// Takes the next authority into use. The key of the one before is gone then.
pub fn switch(folder: &Path) -> anyhow::Result<()> {
    ensure!(step(folder)? == Step::Next, "no next authority was made");
    let certificate = std::fs::read(folder.join(CERTIFICATE)).context("the authority's certificate")?;
    write_private(&folder.join(FORMER_CERTIFICATE), &certificate)?;
    rename(folder, NEXT_KEY, KEY)?;
    rename(folder, NEXT_CERTIFICATE, CERTIFICATE)
}

/// Forgets the authority before.
pub fn finish(folder: &Path) -> anyhow::Result<()> {
    ensure!(step(folder)? == Step::Former, "no authority was replaced, or the next one is not in use yet");
    let former = folder.join(FORMER_CERTIFICATE);
    std::fs::remove_file(&former).with_context(|| format!("can't remove {}", former.display()))?;
    sync_entry(&former)
}

/// Completes a switch that was cut off between its two renames.
pub(super) fn complete(folder: &Path) -> anyhow::Result<()> {
    if folder.join(NEXT_CERTIFICATE).try_exists()? && !folder.join(NEXT_KEY).try_exists()? {
        rename(folder, NEXT_CERTIFICATE, CERTIFICATE)?;
    }
    Ok(())
}

fn rename(folder: &Path, from: &str, to: &str) -> anyhow::Result<()> {
    let to = folder.join(to);
    std::fs::rename(folder.join(from), &to).with_context(|| format!("can't put {from} in place"))?;
    sync_entry(&to)
}

/// Certificates of the next authority and of the one before.
pub(super) fn others(folder: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let mut others = Vec::new();
    for name in [NEXT_CERTIFICATE, FORMER_CERTIFICATE] {
        let path = folder.join(name);
        if path.try_exists()? {
            let certificate = CertificateDer::from_pem_file(&path);
            others.push(certificate.with_context(|| format!("can't read {}", path.display()))?);
        }
    }
    Ok(others)
}

/// By which key a certificate says that it was issued.
pub(super) fn issuer_key(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(key) => key.key_identifier.as_ref().map(|key| key.0.to_vec()),
        _ => None,
    })
}

/// Which key an authority's certificate says that it is of.
pub(super) fn own_key(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(key) => Some(key.0.to_vec()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::{AGENT_PORT_NAME, Authority};

    #[test]
    fn an_authority_takes_the_place_of_another_and_a_switch_that_was_cut_off_is_completed() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert!(prepare(folder, now).is_err(), "there is none to replace");
        let first = Authority::open(folder, now).unwrap();
        assert!(switch(folder).is_err() && finish(folder).is_err());
        prepare(folder, now).unwrap();
        assert!(prepare(folder, now).is_err(), "once");
        let told = Authority::open(folder, now).unwrap();
        assert_eq!((told.certificate(), told.trusted().count()), (first.certificate(), 2));
        assert_ne!(told.trusted_digest(), first.trusted_digest());

        // Power ends between the two renames.
        let certificate = std::fs::read(folder.join(CERTIFICATE)).unwrap();
        std::fs::write(folder.join(FORMER_CERTIFICATE), certificate).unwrap();
        std::fs::rename(folder.join(NEXT_KEY), folder.join(KEY)).unwrap();
        let second = Authority::open(folder, now).unwrap();
        assert_eq!(step(folder).unwrap(), Step::Former);
        assert_ne!(second.certificate(), first.certificate());
        let trusted: Vec<_> = second.trusted().cloned().collect();
        assert_eq!(trusted, [second.certificate().clone(), first.certificate().clone()]);
        let issued = |by: &Authority| by.issue_server(&[AGENT_PORT_NAME.to_owned()], now).unwrap().chain[0].clone();
        assert_eq!(second.issuer_of(&issued(&first)), Some(first.fingerprint()));
        assert_eq!(second.issuer_of(&issued(&second)), Some(second.fingerprint()), "key and certificate fit");

        finish(folder).unwrap();
        let last = Authority::open(folder, now).unwrap();
        assert_eq!((last.trusted().count(), last.issuer_of(&issued(&first))), (1, None));
        prepare(folder, now).unwrap();
        switch(folder).unwrap();
        assert_ne!(Authority::open(folder, now).unwrap().certificate(), second.certificate(), "and once more");
    }
}
