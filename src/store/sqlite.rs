//! What only SQLite has: the file and its mode, the settings of a connection, result codes.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Row as _};

use super::error::{Damage, StoreError};

/// Where the database lies and how it is opened.
#[derive(Clone, Debug)]
pub(super) struct Location {
    file: PathBuf,
    access: Access,
}

/// A file whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
}

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Look at a directory that may belong to a running process.
    ReadOnly,
    /// Serve.
    ReadWrite,
}

impl Location {
    /// The database of `directory`; with write access it is made if it is not there, readable by
    /// its owner only.
    pub(super) fn within(directory: &Path, access: Access) -> Result<Self, StoreError> {
        let file = directory.join(FILE_NAME);
        if access == Access::ReadWrite {
            OpenOptions::new().create(true).append(true).mode(OWNER_ONLY).open(&file)?;
            fs::set_permissions(&file, Permissions::from_mode(OWNER_ONLY))?;
        }
        Ok(Self { file, access })
    }

    /// The one connection that writes, with the settings verified.
    pub(super) async fn connect_writer(&self) -> Result<AnyConnection, StoreError> {
        let mut connection = self.options()?.connect().await?;
        prepare(&mut connection, self.access).await?;
        verify_settings(&mut connection).await?;
        Ok(connection)
    }

    /// Connections that read; each refuses to write.
    pub(super) async fn connect_readers(&self) -> Result<AnyPool, StoreError> {
        let access = self.access;
        let pool = AnyPoolOptions::new()
            .max_connections(READERS)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    prepare(connection, access).await?;
                    sqlx::query("PRAGMA query_only = ON").execute(&mut *connection).await?;
                    Ok(())
                })
            })
            .connect_with(self.options()?)
            .await?;
        verify_settings(&mut *pool.acquire().await?).await?;
        Ok(pool)
    }

    /// Which file lies there now. SQLite goes on writing to a file that was deleted or moved
    /// away, and what it acknowledges then is lost.
    pub(super) fn file_identity(&self) -> Result<FileIdentity, StoreError> {
        let metadata = fs::metadata(&self.file)?;
        Ok(FileIdentity { device: metadata.dev(), inode: metadata.ino() })
    }

    fn options(&self) -> Result<AnyConnectOptions, StoreError> {
        sqlx::any::install_default_drivers();
        let mut url = String::from("sqlite://");
        for byte in self.file.as_os_str().as_bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.') {
                url.push(char::from(*byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(url, "%{byte:02X}");
            }
        }
        url.push_str(match self.access {
            Access::ReadOnly => "?mode=ro",
            Access::ReadWrite => "?mode=rw",
        });
        Ok(url.parse::<AnyConnectOptions>()?.disable_statement_logging())
    }
}

/// Makes `directory`, for its owner only, if it is not there.
pub(super) fn make_directory(directory: &Path) -> Result<(), StoreError> {
    Ok(fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?)
}

/// Refuses to begin a new database where one was before.
pub(super) fn check_not_lost(directory: &Path) -> Result<(), StoreError> {
    let was_here = directory.join(FOUNDED_NAME).exists();
    let is_here = fs::metadata(directory.join(FILE_NAME)).is_ok_and(|file| file.len() > 0);
    if was_here && !is_here { Err(Damage::Missing.into()) } else { Ok(()) }
}

/// Leaves a mark beside the database, by which a lost one is told from a first start.
pub(super) fn mark_founded(directory: &Path) -> Result<(), StoreError> {
    let mark = directory.join(FOUNDED_NAME);
    if mark.exists() { Ok(()) } else { Ok(fs::write(mark, FOUNDED_TEXT)?) }
}

/// Asks SQLite whether the file is sound.
pub(super) async fn check_file(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let verdict = sqlx::query("PRAGMA quick_check(1)").fetch_one(connection).await?;
    if verdict.try_get::<String, _>(0)? == "ok" { Ok(()) } else { Err(Damage::File.into()) }
}

/// Brings the schema up to date; a schema newer than this program is refused.
pub(super) async fn migrate(connection: &mut AnyConnection) -> Result<(), StoreError> {
    MIGRATIONS.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
            StoreError::NewerSchema
        }
        _ => Damage::File.into(),
    })
}

/// Closes in order; SQLite then folds the write-ahead log into the file.
pub(super) async fn close(connection: AnyConnection) {
    // A failure here loses nothing: what was acknowledged is in the write-ahead log.
    let _ = connection.close().await;
}

/// Tells a full disk and a damaged file from everything else.
pub(super) fn classify(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let primary = code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
    match primary {
        Some(SQLITE_CONSTRAINT) => StoreError::Constraint,
        // A disk that is full or fails while the write-ahead log is mapped is told as a failed
        // read or write, never as full.
        Some(SQLITE_FULL | SQLITE_IOERR) => StoreError::DiskFull,
        Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Damage::File.into(),
        _ => StoreError::Unavailable(Some(Arc::new(error))),
    }
}

/// Applies the settings to a fresh connection; the database address cannot carry them.
async fn prepare(connection: &mut AnyConnection, access: Access) -> Result<(), sqlx::Error> {
    for setting in SETTINGS {
        // The journal mode is a property of the file, and changing it writes.
        if access == Access::ReadWrite || setting.name != "journal_mode" {
            sqlx::query(setting.apply).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// Reads the settings back; SQLite ignores silently what it cannot do.
pub(super) async fn verify_settings(connection: &mut AnyConnection) -> Result<(), StoreError> {
    for setting in SETTINGS {
        let row = sqlx::query(setting.read).fetch_one(&mut *connection).await?;
        let value = match row.try_get::<i64, _>(0) {
            Ok(number) => number.to_string(),
            Err(_) => row.try_get::<String, _>(0)?,
        };
        if value != setting.expected {
            return Err(StoreError::UnsafeSetting(setting.name));
        }
    }
    Ok(())
}

struct Setting {
    name: &'static str,
    apply: &'static str,
    read: &'static str,
    expected: &'static str,
}

/// The timeout comes first, so that it covers the change of journal mode.
const SETTINGS: [Setting; 4] = [
    Setting {
        name: "busy_timeout",
        apply: "PRAGMA busy_timeout = 5000",
        read: "PRAGMA busy_timeout",
        expected: "5000",
    },
    Setting {
        name: "journal_mode",
        apply: "PRAGMA journal_mode = WAL",
        read: "PRAGMA journal_mode",
        expected: "wal",
    },
    Setting {
        name: "synchronous",
        apply: "PRAGMA synchronous = FULL",
        read: "PRAGMA synchronous",
        expected: "2",
    },
    Setting {
        name: "foreign_keys",
        apply: "PRAGMA foreign_keys = ON",
        read: "PRAGMA foreign_keys",
        expected: "1",
    },
];

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/migrations/sqlite");

const FILE_NAME: &str = "hutong.db";
const FOUNDED_NAME: &str = "hutong.db.founded";
const FOUNDED_TEXT: &str = "hutong.db was founded here; without it nothing starts\n";
const OWNER_ONLY: u32 = 0o600;
/// Reads are short; more connections than this only wait for the same processor cores.
const READERS: u32 = 8;
const SQLITE_CONSTRAINT: u32 = 19;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_IOERR: u32 = 10;
const SQLITE_NOTADB: u32 = 26;
