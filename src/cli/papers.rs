//! Files and standard input as commands read and write them: bounded, never overwritten, secrets
//! for their owner alone.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::fail::Failure;
use crate::base::{Code, limits};
use crate::crypto::json;
use crate::pki::PkiError;

/// Reads a file, or standard input for `-`; at most the size of the largest document.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = if path.as_os_str() == "-" {
        read_bounded(std::io::stdin().lock())
    } else {
        File::open(path).and_then(read_bounded)
    };
    let bytes = bytes.map_err(|error| unreadable(path, &error))?;
    if bytes.len() > limits::LARGE_BODY_BYTES {
        return Err(Failure::of(Code::TooLarge, unread(path), &"it is larger than any document")
            .exiting(super::fail::DATA));
    }
    Ok(bytes)
}

/// Reads a text; white space at its ends does not count.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(read(path)?).map_err(|error| unreadable(path, &error))?;
    Ok(text.trim().to_owned())
}

/// Reads a JSON document of type `T`.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    json::from_slice(&read(path)?).map_err(|error| {
        Failure::input(
            format!("{} is not the document that is needed here", path.display()),
            &error,
            "check that it is the right file, and whole",
        )
    })
}

/// Reads the PEM of a private key, which nobody else may be able to read.
pub(super) fn read_secret(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    // Asked of the open file, so that what was judged is what is read.
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        let error = PkiError::Permissions { path: path.to_owned(), mode };
        return Err(Failure::of(error.code(), "the key may not be used", &error)
            .advising(format!("chmod 600 {}", path.display())));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(KEY_BYTES).read_to_string(&mut text).map_err(|error| unreadable(path, &error))?;
    Ok(text)
}

/// Writes a new file for its owner alone; one that is there is left as it is.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    })
    .map_err(|error| unwritable(path, &error))
}

/// Puts new contents in the place of a file, whole or not at all.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut neighbour = path.as_os_str().to_owned();
    neighbour.push(".new");
    let neighbour = Path::new(&neighbour);
    write_new(neighbour, bytes)?;
    std::fs::rename(neighbour, path).map_err(|error| unwritable(path, &error))
}

/// Makes a folder for its owner alone; one that is there is used as it is.
pub(super) fn make_folder(path: &Path) -> Result<(), Failure> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| unwritable(path, &error))
}

/// Refuses to go on where something stands already.
pub(super) fn demand_absent(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Err(unwritable(path, &std::io::ErrorKind::AlreadyExists.into()));
    }
    Ok(())
}

fn read_bounded(input: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limits::LARGE_BODY_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unread(path: &Path) -> String {
    format!("{} cannot be read", path.display())
}

fn unreadable(path: &Path, error: &impl std::fmt::Display) -> Failure {
    Failure::input(unread(path), error, "check the path and its permissions")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let what = format!("{} cannot be written", path.display());
    match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::input(
            what,
            &"it is there already, and nothing is overwritten",
            "name another place, or move the old one away yourself",
        ),
        std::io::ErrorKind::StorageFull => Failure::of(Code::DiskFull, what, error),
        _ => Failure::input(what, error, "check the path and its permissions"),
    }
}

/// More than any key in PEM form.
const KEY_BYTES: u64 = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_new(&path, b"first").unwrap();
        assert!(write_new(&path, b"second").is_err());
        assert!(demand_absent(&path).is_err());
        assert_eq!(read(&path).unwrap(), b"first");
        replace(&path, b"third").unwrap();
        assert_eq!(read_text(&path).unwrap(), "third");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("holder.key.pem");
        write_new(&path, b"secret").unwrap();
        assert_eq!(read_secret(&path).unwrap().as_str(), "secret");
        for mode in [0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(read_secret(&path).is_err(), "{mode:o}");
        }
    }

    #[test]
    fn absent_files_and_other_documents_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("order.json");
        assert!(read(&path).is_err());
        write_new(&path, br#"{"a":1,"a":2}"#).unwrap();
        assert!(read_json::<serde_json::Value>(&path).is_err());
    }
}
