//! Keys and certificates as files: PEM, keys readable by their owner alone, written whole or not
//! at all.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::PkiError;
use super::pem;
use crate::base::{Entropy as _, SystemEntropy, limits};
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, seal::SoftwareKey};

/// Reads the private key at `path` as PKCS#8 DER. The file must hold exactly one, of an admitted
/// kind, and must have mode 0600.
pub fn read_key(path: &Path) -> Result<Zeroizing<Vec<u8>>, PkiError> {
    let file = File::open(path).map_err(PkiError::file(path))?;
    // Asked of the open file, so that what was judged is what is read.
    let mode = file.metadata().map_err(PkiError::file(path))?.permissions().mode() & 0o7777;
    if mode != KEY_MODE {
        return Err(PkiError::Permissions { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(read_bounded(path, file)?);
    let mut blocks = pem::decode_all(pem::PRIVATE_KEY, &text).unwrap_or_default();
    let malformed = || PkiError::Malformed { path: path.to_owned(), expected: "one private key" };
    let key = blocks.pop().map(Zeroizing::new).ok_or_else(malformed)?;
    if !blocks.is_empty() {
        return Err(malformed());
    }
    SoftwareKey::from_pkcs8(&key)?;
    Ok(key)
}

/// Writes a private key in PEM form with mode 0600, in place of what stood at `path`.
pub fn write_key(path: &Path, pkcs8: &[u8]) -> Result<(), PkiError> {
    replace(path, KEY_MODE, pem::private_key_pem(pkcs8).as_bytes())
}

/// Reads the certificates at `path`, in the order of the file. There must be at least one.
pub fn read_certificates(path: &Path) -> Result<Vec<Certificate>, PkiError> {
    let file = File::open(path).map_err(PkiError::file(path))?;
    let text = read_bounded(path, file)?;
    let blocks = pem::decode_all(pem::CERTIFICATE, &text).unwrap_or_default();
    if blocks.is_empty() || blocks.len() > limits::CERTIFICATE_CHAIN_LENGTH {
        return Err(PkiError::Malformed { path: path.to_owned(), expected: "chain" });
    }
    blocks.iter().map(|der| Certificate::parse(der).map_err(PkiError::from)).collect()
}

/// The certificates of every file `<name>.cert.pem` in `folder`, by that name, in its order. One
/// that cannot be read is left out: whoever needs it reads it by itself and is told.
#[must_use]
pub fn certificates_in(folder: &Path) -> Vec<(String, Vec<Certificate>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".cert.pem") else { continue };
        found.extend(read_certificates(&entry.path()).ok().map(|chain| (stem.to_owned(), chain)));
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// Writes certificates in PEM form, in place of what stood at `path`.
pub fn write_certificates(path: &Path, certificates: &[Certificate]) -> Result<(), PkiError> {
    let text: String = certificates.iter().map(pem::certificate_pem).collect();
    replace(path, CERTIFICATE_MODE, text.as_bytes())
}

fn read_bounded(path: &Path, file: File) -> Result<Vec<u8>, PkiError> {
    let mut text = Vec::with_capacity(MOST_BYTES);
    let read = file.take(MOST_BYTES as u64).read_to_end(&mut text).map_err(PkiError::file(path))?;
    if read < MOST_BYTES {
        Ok(text)
    } else {
        Err(PkiError::Malformed { path: path.to_owned(), expected: "key or chain of usual size" })
    }
}

/// Writes a neighbour, makes it durable, and gives it the name; a reader sees the old or the new.
fn replace(path: &Path, mode: u32, contents: &[u8]) -> Result<(), PkiError> {
    let neighbour = neighbour_of(path);
    let written = write_new(&neighbour, mode, contents)
        .and_then(|()| std::fs::rename(&neighbour, path))
        .and_then(|()| sync_folder(path));
    if written.is_err() {
        // The first error is the one to tell; after a failed rename the neighbour is only litter.
        let _ = std::fs::remove_file(&neighbour);
    }
    written.map_err(PkiError::file(path))
}

fn neighbour_of(path: &Path) -> PathBuf {
    let unique = Digest::of(SystemEntropy.salt()).to_hex();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", &unique[..16]));
    PathBuf::from(name)
}

fn write_new(path: &Path, mode: u32, contents: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    // The process's mask may have taken bits away; the file must have exactly these.
    file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.write_all(contents)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

const KEY_MODE: u32 = 0o600;
const CERTIFICATE_MODE: u32 = 0o644;
/// A chain of the longest certificates in base64, and some room.
const MOST_BYTES: usize = 2 * limits::CERTIFICATE_CHAIN_LENGTH * limits::CERTIFICATE_BYTES;
