//! From columns to values. A row that does not parse is damage, never a default.

use std::str::FromStr;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::error::{Damage, StoreError};
use super::rows::{
    AuditRow, ClientRow, ClientState, ConsentRequestRow, ConsentRequestState, GrantRow, GrantState,
    InspectionRow, LicenceRow, ListLogRow, ListedKeyRow, StatusRow, TrustDocumentRow,
};
use crate::base::Timestamp;
use crate::licence::{Carrier, LicenceStatus};

/// Something that is read from one row.
pub(super) trait Stored: Sized {
    /// Reads it, or reports which column is damaged.
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError>;
}

/// Typed access to the columns of one row.
pub(super) struct Columns<'a>(pub(super) &'a AnyRow);

impl Columns<'_> {
    pub(super) fn text(&self, name: &'static str) -> Result<String, StoreError> {
        self.0.try_get(name).map_err(|_| Damage::Row(name).into())
    }

    pub(super) fn optional_text(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.0.try_get(name).map_err(|_| Damage::Row(name).into())
    }

    pub(super) fn parsed<T: FromStr>(&self, name: &'static str) -> Result<T, StoreError> {
        self.text(name)?.parse().map_err(|_| Damage::Row(name).into())
    }

    fn optional_parsed<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, StoreError> {
        let text = self.optional_text(name)?;
        text.map(|text| text.parse().map_err(|_| Damage::Row(name).into())).transpose()
    }

    pub(super) fn word<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        read(&self.text(name)?).ok_or_else(|| Damage::Row(name).into())
    }

    pub(super) fn number<T: TryFrom<i64>>(&self, name: &'static str) -> Result<T, StoreError> {
        self.optional_number(name)?.ok_or_else(|| Damage::Row(name).into())
    }

    fn optional_number<T: TryFrom<i64>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let number: Option<i64> = self.0.try_get(name).map_err(|_| Damage::Row(name))?;
        number.map(|number| T::try_from(number).map_err(|_| Damage::Row(name).into())).transpose()
    }

    pub(super) fn instant(&self, name: &'static str) -> Result<Timestamp, StoreError> {
        self.number(name).map(Timestamp::from_unix_micros)
    }

    fn optional_instant(&self, name: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.optional_number(name)?.map(Timestamp::from_unix_micros))
    }
}

impl Stored for GrantRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.parsed("id")?,
            state: columns.word("state", GrantState::from_word)?,
            licence: columns.parsed("licence")?,
            grantee_spki: columns.parsed("grantee_spki")?,
            registration: columns.text("registration")?,
            purpose: columns.text("purpose")?,
            document: columns.text("document")?,
            status_index: columns.number("status_index")?,
            nbf: columns.instant("nbf")?,
            exp: columns.instant("exp")?,
            max_uses: columns.optional_number("max_uses")?,
            uses: columns.number("uses")?,
            created: columns.instant("created")?,
            ended: columns.optional_instant("ended")?,
        })
    }
}

impl Stored for ConsentRequestRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.parsed("id")?,
            state: columns.word("state", ConsentRequestState::from_word)?,
            licence: columns.parsed("licence")?,
            document: columns.text("document")?,
            transaction_data: columns.text("transaction_data")?,
            nonce: columns.text("nonce")?,
            expires: columns.instant("expires")?,
            created: columns.instant("created")?,
        })
    }
}

impl Stored for InspectionRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.parsed("id")?,
            unit: columns.text("unit")?,
            officers: columns.text("officers")?,
            place: columns.text("place")?,
            law_ref: columns.text("law_ref")?,
            reason_code: columns.text("reason_code")?,
            client: columns.parsed("client")?,
            opened: columns.instant("opened")?,
            expires: columns.instant("expires")?,
        })
    }
}

impl Stored for LicenceRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            identifier: columns.parsed("identifier")?,
            licence_type: columns.parsed("licence_type")?,
            issuing_division: columns.parsed("issuing_division")?,
            number: columns.text("number")?,
            plate: columns.optional_text("plate")?,
            plate_colour: columns.optional_text("plate_colour")?,
            holder_code_digest: columns.optional_parsed("holder_code_digest")?,
            status: columns.word("status", LicenceStatus::from_token)?,
            status_list: columns.text("status_list")?,
            status_index: columns.number("status_index")?,
            version: columns.parsed("version")?,
            carrier: columns.word("carrier", carrier_from_word)?,
            record: columns.text("record")?,
            credential: columns.optional_text("credential")?,
            credential_digest: columns.optional_parsed("credential_digest")?,
            updated: columns.instant("updated")?,
        })
    }
}

impl Stored for StatusRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            identifier: columns.parsed("identifier")?,
            status: columns.word("status", LicenceStatus::from_token)?,
            status_index: columns.number("status_index")?,
        })
    }
}

impl Stored for ClientRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.parsed("id")?,
            role: columns.text("role")?,
            division: columns.parsed("division")?,
            spki: columns.parsed("spki")?,
            name: columns.text("name")?,
            intended_uses: columns.text("intended_uses")?,
            state: columns.word("state", ClientState::from_word)?,
            created: columns.instant("created")?,
        })
    }
}

impl Stored for TrustDocumentRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            kind: columns.text("kind")?,
            id: columns.text("id")?,
            sequence: columns.number("sequence")?,
            sha256: columns.parsed("sha256")?,
            document: columns.text("document")?,
            updated: columns.instant("updated")?,
        })
    }
}

impl Stored for AuditRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        let salt = columns.optional_parsed("salt")?;
        Ok(Self {
            index: columns.number("leaf_index")?,
            leaf: columns.parsed("leaf")?,
            content: salt.zip(columns.optional_text("entry")?),
        })
    }
}

impl Stored for ListedKeyRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            list: columns.text("list")?,
            spki: columns.parsed("spki")?,
            sequence: columns.number("sequence")?,
            index: columns.number("leaf_index")?,
        })
    }
}

impl Stored for ListLogRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self { index: columns.number("leaf_index")?, statement: columns.text("statement")? })
    }
}

fn carrier_from_word(word: &str) -> Option<Carrier> {
    [Carrier::Electronic, Carrier::IcCard, Carrier::Paper]
        .into_iter()
        .find(|carrier| carrier_word(*carrier) == word)
}

/// The word under which a carrier is kept.
pub(super) const fn carrier_word(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Electronic => "electronic",
        Carrier::IcCard => "ic_card",
        Carrier::Paper => "paper",
    }
}
