//! Where the JSON of a list is stricter than the types: no empty array, no `null`.

use serde::de::{Deserialize, Deserializer, Error};

/// An array of at least one item, as the schema wants every one of its arrays.
pub(super) fn items<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let items = Vec::deserialize(deserializer)?;
    if items.is_empty() { Err(D::Error::custom("an empty array")) } else { Ok(items) }
}

/// An optional member that is there: a value, never `null`.
pub(super) fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
