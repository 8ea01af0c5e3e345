//! The map of modules in `src/lib.rs` holds: each module names only modules on earlier lines, the
//! pure ones name no ambient power, and receipts are made in the store alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot read the source must fail")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The lines of the table in `src/lib.rs`: number, then modules.
fn table() -> BTreeMap<String, u32> {
    let text = std::fs::read_to_string(source().join("lib.rs")).unwrap();
    let mut modules = BTreeMap::new();
    let block = text.split("```text").nth(1).unwrap().split("```").next().unwrap();
    for line in block.lines() {
        let mut words = line.trim_start_matches("//!").split_whitespace();
        let Some(number) = words.next().and_then(|word| word.parse().ok()) else { continue };
        for module in words {
            assert!(modules.insert(module.to_owned(), number).is_none(), "{module} twice");
        }
    }
    modules
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Production code of a file: comments, doc comments and everything behind the tests' line gone.
fn production(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let mut kept = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let next = lines.peek().copied().unwrap_or_default();
            if next.trim_start().starts_with("mod tests {") {
                break;
            }
            // A test-only item on the next line (`mod testing;`).
            lines.next();
            continue;
        }
        let code = line.find("//").map_or(line, |at| &line[..at]);
        kept.push_str(code);
        kept.push('\n');
    }
    kept
}

/// Every file of every module, with its module's name; test-only files left out.
fn files() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    rust_files(&source(), &mut found);
    found
        .into_iter()
        .filter_map(|path| {
            let inside = path.strip_prefix(source()).unwrap();
            let module = inside.components().next().unwrap().as_os_str().to_str().unwrap();
            let test_only = inside.iter().any(|part| {
                let part = part.to_str().unwrap();
                part == "tests" || part == "tests.rs" || part.starts_with("testing")
            });
            let module = module.trim_end_matches(".rs").to_owned();
            (!test_only && module != "lib" && module != "main").then_some((module, path))
        })
        .collect()
}

/// The modules that a text names through `crate::`, also inside braces.
fn named_modules(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            named.extend(heads_of_group(group));
        } else {
            named.push(head(rest));
        }
    }
    named.retain(|name| !name.is_empty());
    named
}

/// The first word of each item of a `{…}` group, at its outermost level.
fn heads_of_group(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut heads = vec![String::new()];
    let mut in_head = true;
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(String::new());
                in_head = true;
            }
            letter if depth == 0 && in_head && (letter.is_alphanumeric() || letter == '_') => {
                heads.last_mut().unwrap().push(letter);
            }
            letter if letter.is_whitespace() => {}
            _ => in_head = false,
        }
    }
    heads
}

fn head(rest: &str) -> String {
    rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn modules_name_only_modules_on_earlier_lines() {
    let table = table();
    let mut wrong = Vec::new();
    for (module, path) in files() {
        let own = table.get(&module).unwrap_or_else(|| panic!("{module} is not on the map"));
        for named in named_modules(&production(&path)) {
            let Some(line) = table.get(&named) else { continue };
            if named != module && line >= own {
                wrong.push(format!("{} names {named} (line {line} ≥ {own})", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_is_on_the_map_and_the_map_names_no_other() {
    let table = table();
    let found: std::collections::BTreeSet<String> =
        files().into_iter().map(|(module, _)| module).collect();
    let mapped: std::collections::BTreeSet<String> = table.into_keys().collect();
    assert_eq!(found, mapped);
}

#[test]
fn the_core_has_no_ambient_power() {
    const POWERS: [&str; 13] = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "SystemTime",
        "Instant",
        "tokio",
        "sqlx",
        "reqwest",
        "hyper",
        "rustls",
        "async ",
    ];
    const ROOMS_WITH_A_POWER: [&str; 3] = ["base/clock.rs", "base/entropy.rs", "crypto/seal/"];
    let table = table();
    let mut wrong = Vec::new();
    for (module, path) in files() {
        let inside = path.strip_prefix(source()).unwrap().to_str().unwrap().to_owned();
        if table[&module] > LAST_PURE_LINE
            || ROOMS_WITH_A_POWER.iter().any(|room| inside.starts_with(room))
        {
            continue;
        }
        let code = production(&path);
        for power in POWERS.iter().chain(&["rand::", "josekit"]) {
            if names(&code, power) {
                wrong.push(format!("{inside} names {}", power.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether `code` holds `word` as a word of its own, not inside a longer name.
fn names(code: &str, word: &str) -> bool {
    let part_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let goes_on = word.ends_with(part_of_name) && after.is_some_and(part_of_name);
        !(before.is_some_and(part_of_name) || goes_on)
    })
}

#[test]
fn only_the_store_makes_receipts() {
    for (module, path) in files() {
        if module != "store" && module != "audit" {
            assert!(!production(&path).contains("Receipt::committed"), "{}", path.display());
        }
    }
}

#[test]
fn the_audit_log_cannot_name_what_a_licence_says() {
    for (module, path) in files() {
        if module == "audit" {
            let named = named_modules(&production(&path));
            let knows = named.iter().any(|name| name == "licence" || name == "credential");
            assert!(!knows, "{}", path.display());
        }
    }
}

#[test]
fn a_breach_would_be_seen() {
    let named = named_modules("use crate::{base::Code, store::{Store, rows}};\nuse crate::web;");
    assert_eq!(named, ["base", "store", "web"]);
}

/// `exchange` is the last pure room.
const LAST_PURE_LINE: u32 = 8;
