//! Strict JSON: no duplicate member, no depth or width without bound, nothing after the value;
//! and the one canonical form of RFC 8785.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};

use crate::base::limits;

/// Reads a document of type `T` from untrusted bytes.
///
/// The bytes are walked once to refuse duplicate members (also when one is written with escapes),
/// more than [`limits::JSON_MEMBERS`] members in one object and more than [`limits::JSON_DEPTH`]
/// levels, then read.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    read(bytes, Bounds { members: limits::JSON_MEMBERS, depth: limits::JSON_DEPTH })
}

/// As [`from_slice`], for trust lists, whose extensions nest deeper than tokens do.
pub fn from_list<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    read(bytes, Bounds { members: limits::JSON_MEMBERS, depth: LIST_DEPTH })
}

/// The canonical bytes of `value` (RFC 8785), over which digests and signatures are made.
pub fn canonical(value: &impl Serialize) -> Result<Vec<u8>, JsonError> {
    serde_jcs::to_vec(value).map_err(|_| JsonError::NotCanonicalisable)
}

/// Why bytes are not an acceptable JSON document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// One object holds the same member name twice.
    #[error("a member stands twice in one object")]
    DuplicateMember,
    /// A value has no canonical form.
    #[error("a value has no canonical form")]
    NotCanonicalisable,
    /// Not JSON, or JSON with something behind it.
    #[error("not a JSON document (line {line}, column {column})")]
    Syntax {
        /// Line of the first error, from 1.
        line: usize,
        /// Column of the first error.
        column: usize,
    },
    /// Deeper or wider than allowed.
    #[error("deeper or wider than allowed")]
    TooLarge,
    /// JSON, but not the document that was asked for.
    #[error("not the expected document: {0}")]
    Unexpected(String),
}

fn read<T: DeserializeOwned>(bytes: &[u8], bounds: Bounds) -> Result<T, JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Walk { bounds, depth: 0 }.deserialize(&mut reader).map_err(|error| walk_error(&error))?;
    reader.end().map_err(|error| walk_error(&error))?;
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => JsonError::Unexpected(error.to_string()),
        _ => JsonError::Syntax { line: error.line(), column: error.column() },
    })
}

fn walk_error(error: &serde_json::Error) -> JsonError {
    let message = error.to_string();
    if message.starts_with(DUPLICATE) {
        JsonError::DuplicateMember
    } else if message.starts_with(TOO_LARGE) || message.starts_with("recursion limit") {
        JsonError::TooLarge
    } else {
        JsonError::Syntax { line: error.line(), column: error.column() }
    }
}

#[derive(Clone, Copy)]
struct Bounds {
    members: usize,
    depth: usize,
}

/// Visits every value once and keeps nothing but the member names of the objects it is inside of.
#[derive(Clone, Copy)]
struct Walk {
    bounds: Bounds,
    depth: usize,
}

impl Walk {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= self.bounds.depth {
            return Err(E::custom(TOO_LARGE));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while items.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if names.len() >= self.bounds.members {
                return Err(de::Error::custom(TOO_LARGE));
            }
            if !names.insert(name) {
                return Err(de::Error::custom(DUPLICATE));
            }
            members.next_value_seed(inside)?;
        }
        Ok(())
    }
}

/// 2⁵³: below it every JSON reader keeps whole numbers exactly.
pub const MOST_WHOLE: u64 = 1 << 53;

const DUPLICATE: &str = "duplicate member";
const TOO_LARGE: &str = "too deep or too wide";
/// A list nests scheme → entities → services → extensions → values: 16 levels would just do; the
/// margin is for extensions whose values are objects of their own.
const LIST_DEPTH: usize = 24;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn jw_19_duplicate_members_are_refused_also_through_escapes() {
        for json in
            [r#"{"iss":1,"iss":2}"#, r#"{"iss":1,"is\u0073":2}"#, r#"[{"a":{"b":1,"b":1}}]"#]
        {
            assert_eq!(
                from_slice::<Value>(json.as_bytes()),
                Err(JsonError::DuplicateMember),
                "{json}"
            );
        }
        assert!(from_slice::<Value>(br#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn jw_32_hostile_shapes_are_refused() {
        let deep = format!("{}1{}", "[".repeat(17), "]".repeat(17));
        assert_eq!(from_slice::<Value>(deep.as_bytes()), Err(JsonError::TooLarge));
        let very_deep = "[".repeat(100_000);
        assert!(from_slice::<Value>(very_deep.as_bytes()).is_err());
        let members: Vec<String> = (0..600).map(|n| format!("\"m{n}\":1")).collect();
        let wide = format!("{{{}}}", members.join(","));
        assert_eq!(from_slice::<Value>(wide.as_bytes()), Err(JsonError::TooLarge));
        for bytes in [
            &b"1e400"[..],
            br#""\ud800""#,
            b"\xef\xbb\xbf{}",
            b"\"\xff\"",
            b"{} {}",
            b"{}x",
            b"{\"a\":NaN}",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"",
        ] {
            assert!(from_slice::<Value>(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn canonical_form_sorts_members() {
        let value = serde_json::json!({"b": 1, "a": {"y": "é", "x": []}});
        assert_eq!(canonical(&value).unwrap(), r#"{"a":{"x":[],"y":"é"},"b":1}"#.as_bytes());
    }
}
