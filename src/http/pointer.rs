//! Where in a JSON document a byte stands, as a JSON pointer (RFC 6901).
//!
//! Best effort for error messages: it reads bytes that were already found to be, or not to be,
//! JSON, and never judges them itself.

/// The pointer to the value that contains, or ends before, the byte at `offset`.
pub(super) fn pointer_at(bytes: &[u8], offset: usize) -> String {
    let mut walk = Walk::default();
    let mut position = 0;
    while position < offset.min(bytes.len()) {
        position = walk.step(bytes, position, offset);
    }
    walk.pointer()
}

/// The offset of a position that the JSON reader names by line and column, both from 1.
pub(super) fn offset_of(bytes: &[u8], line: usize, column: usize) -> usize {
    let lines_before: usize = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    (lines_before + column.saturating_sub(1)).min(bytes.len())
}

/// Escapes one member name for a pointer (RFC 6901 §3).
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[derive(Default)]
struct Walk {
    levels: Vec<Level>,
}

enum Level {
    /// Inside an object, at the member of this name; `None` before the first name.
    Object { member: Option<String>, expects_name: bool },
    /// Inside an array, at the item of this index.
    Array { index: usize },
}

impl Walk {
    /// Takes one token in and returns the position behind it.
    fn step(&mut self, bytes: &[u8], position: usize, offset: usize) -> usize {
        match bytes.get(position) {
            Some(b'{') => self.levels.push(Level::Object { member: None, expects_name: true }),
            Some(b'[') => self.levels.push(Level::Array { index: 0 }),
            // The reader reports a wrong container at its end: stay inside its last bracket.
            Some(b'}' | b']') if position + 1 < offset => drop(self.levels.pop()),
            Some(b',') => match self.levels.last_mut() {
                Some(Level::Array { index }) => *index += 1,
                Some(Level::Object { expects_name, .. }) => *expects_name = true,
                None => {}
            },
            Some(b'"') => return self.string(bytes, position),
            _ => {}
        }
        position + 1
    }

    fn string(&mut self, bytes: &[u8], start: usize) -> usize {
        let end = end_of_string(bytes, start);
        if let Some(Level::Object { member, expects_name }) = self.levels.last_mut()
            && *expects_name
        {
            let literal = bytes.get(start..end).unwrap_or_default();
            *member = serde_json::from_slice(literal).ok();
            *expects_name = false;
        }
        end
    }

    fn pointer(&self) -> String {
        self.levels.iter().fold(String::new(), |mut pointer, level| {
            match level {
                Level::Object { member: Some(name), .. } => {
                    pointer.push('/');
                    pointer.push_str(&escape(name));
                }
                Level::Object { member: None, .. } => {}
                Level::Array { index } => {
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                }
            }
            pointer
        })
    }
}

/// The position behind the string literal that begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut position = start + 1;
    loop {
        match bytes.get(position) {
            Some(b'\\') => position += 2,
            Some(b'"') => return position + 1,
            Some(_) => position += 1,
            None => return bytes.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_names_members_and_items() {
        let text = br#"{"a": 1, "b/c": [true, {"~": "x\"y", "z": 7}]}"#;
        let at = |needle: &str| {
            let offset = std::str::from_utf8(text).unwrap().find(needle).unwrap();
            pointer_at(text, offset)
        };
        assert_eq!(at("1,"), "/a");
        assert_eq!(at("true"), "/b~1c/0");
        assert_eq!(at("7"), "/b~1c/1/z");
        assert_eq!(pointer_at(text, 0), "");
    }

    #[test]
    fn broken_documents_yield_some_pointer_and_never_panic() {
        for text in ["", "{", "}", "]]]]", "{\"a", "{\"a\\", "[,,,", "{\"a\":[{\"\\ud800\":"] {
            for offset in 0..=text.len() + 2 {
                let _ = pointer_at(text.as_bytes(), offset);
            }
        }
        assert_eq!(offset_of(b"a\nb", 9, 9), 3);
        assert_eq!(offset_of(b"a\nbc", 2, 1), 2);
        assert_eq!(offset_of(b"", 0, 0), 0);
    }
}
