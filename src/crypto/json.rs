//! Strict JSON: no duplicate member, no depth or width without bound, nothing after the value;
//! and the one canonical form of RFC 8785.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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

/// As [`from_list`], for a list whose `seam` is left as it stands, to be read piece by piece with
/// [`from_piece`]. Only the syntax of the pieces is judged here.
pub fn from_frame<'b, T: Deserialize<'b>>(bytes: &'b [u8], seam: Seam) -> Result<T, JsonError> {
    let bounds = Bounds { members: limits::JSON_MEMBERS, depth: LIST_DEPTH };
    walk(bytes, Walk { bounds, depth: 0, seam: Some(seam), pieces: false })?;
    serde_json::from_slice(bytes).map_err(|error| read_error(&error))
}

/// Reads one piece of a seam as [`from_list`] would read it in its place.
pub fn from_piece<T: DeserializeOwned>(bytes: &[u8], seam: Seam) -> Result<T, JsonError> {
    // The object that has the member, and the array.
    let depth = LIST_DEPTH - seam.level - 1;
    read(bytes, Bounds { members: limits::JSON_MEMBERS, depth })
}

/// The items of the array `member` in every object of `level`, the whole document being level 1.
#[derive(Clone, Copy, Debug)]
pub struct Seam {
    /// The level of the objects.
    pub level: usize,
    /// The name of the array.
    pub member: &'static str,
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
    walk(bytes, Walk { bounds, depth: 0, seam: None, pieces: false })?;
    serde_json::from_slice(bytes).map_err(|error| read_error(&error))
}

fn walk(bytes: &[u8], walk: Walk) -> Result<(), JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    walk.deserialize(&mut reader).map_err(|error| walk_error(&error))?;
    reader.end().map_err(|error| walk_error(&error))
}

fn read_error(error: &serde_json::Error) -> JsonError {
    match error.classify() {
        serde_json::error::Category::Data => JsonError::Unexpected(error.to_string()),
        _ => JsonError::Syntax { line: error.line(), column: error.column() },
    }
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
    seam: Option<Seam>,
    /// Whether this is the array of the seam.
    pieces: bool,
}

impl Walk {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= self.bounds.depth {
            return Err(E::custom(TOO_LARGE));
        }
        Ok(Self { depth: self.depth + 1, pieces: false, ..self })
    }

    /// The walk of the member `name` of an object whose members are walked by `self`.
    fn member(self, name: &str) -> Self {
        let is_seam = |seam: Seam| seam.level == self.depth && seam.member == name;
        Self { pieces: self.seam.is_some_and(is_seam), ..self }
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
        if self.pieces {
            while items.next_element::<de::IgnoredAny>()?.is_some() {}
        } else {
            while items.next_element_seed(inside)?.is_some() {}
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut names = Names::default();
        while let Some(Name(name)) = members.next_key()? {
            if names.count() >= self.bounds.members {
                return Err(de::Error::custom(TOO_LARGE));
            }
            let inside = inside.member(&name);
            if !names.add(name) {
                return Err(de::Error::custom(DUPLICATE));
            }
            members.next_value_seed(inside)?;
        }
        Ok(())
    }
}

/// 2⁵³: below it every JSON reader keeps whole numbers exactly.
pub const MOST_WHOLE: u64 = 1 << 53;

/// The member names of one object. Nearly every object has few, and comparing them one by one is
/// faster than hashing; a wide one must not cost the square of its width.
#[derive(Default)]
struct Names<'de> {
    first: Vec<Cow<'de, str>>,
    others: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    fn count(&self) -> usize {
        self.first.len() + self.others.len()
    }

    /// Whether `name` is new.
    fn add(&mut self, name: Cow<'de, str>) -> bool {
        if self.first.contains(&name) {
            return false;
        }
        if self.first.len() < COMPARED {
            self.first.push(name);
            return true;
        }
        self.others.insert(name)
    }
}

/// A member name, borrowed where it is written without escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

const DUPLICATE: &str = "duplicate member";
const TOO_LARGE: &str = "too deep or too wide";
/// Member names that are compared one by one before hashing begins.
const COMPARED: usize = 16;
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
        for (first, second) in [(0, 15), (3, 40), (16, 17), (20, 40)] {
            let mut names: Vec<usize> = (0..50).collect();
            names[second] = first;
            let members: Vec<String> = names.iter().map(|n| format!("\"m{n}\":1")).collect();
            let twice = format!("{{{}}}", members.join(","));
            assert_eq!(from_slice::<Value>(twice.as_bytes()), Err(JsonError::DuplicateMember));
        }
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
