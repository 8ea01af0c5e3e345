//! The commands that the documents tell people to type are commands of this program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

const JOINING: &str = include_str!("../deploy/JOINING.md");
const ANCHORS: &str = include_str!("../trust-anchors/README.md");
const README: &str = include_str!("../README.md");

#[test]
fn every_command_of_the_documents_is_one_that_the_program_takes() {
    for (name, document, least) in
        [("JOINING", JOINING, 30), ("trust-anchors", ANCHORS, 20), ("README", README, 8)]
    {
        let commands = commands(document);
        assert!(commands.len() >= least, "{name}: only {} commands were found", commands.len());
        for words in commands {
            let read = hutong::cli::read(&words);
            assert_eq!(read, Ok(()), "{name}: {}", words.join(" "));
        }
    }
}

#[test]
fn a_command_that_does_not_exist_would_be_found() {
    let document = |command: &str| format!("```sh\nF=./a # x\nif {command}\n  {command} \\\n```\n");
    let of = |command: &str| commands(&document(command));
    assert!(of("trust show --root r").is_empty());
    for (command, is_sound) in [
        ("hutong trust show --root $F/r.json > told.txt", true),
        ("hutong trust show --root \"$F/a b\" | tail -n 1", true),
        ("hutong trust show --roots $F/r.json", false),
        ("hutong trust shows --root $F/r.json", false),
        ("hutong trust show", false),
        ("hutong member show 51 --state $F", false),
    ] {
        let found = of(command);
        assert_eq!(found.len(), 1, "{command}");
        assert_eq!(hutong::cli::read(&found[0]).is_ok(), is_sound, "{command}");
        assert!(!found[0].iter().any(|word| word.contains('$') || word.contains('"')), "{command}");
    }
}

#[test]
fn the_walk_names_no_machine_and_its_licence_is_whole() {
    let is_path = |word: &&str| word.starts_with('/') && *word != "/claims";
    let absolute: Vec<&str> = JOINING.split_whitespace().filter(is_path).collect();
    assert!(absolute.is_empty(), "folders are named from where one stands: {absolute:?}");
    let licence = JOINING.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let licence: serde_json::Value = serde_json::from_str(licence).unwrap();
    let identifier = licence["claims"]["certificateIdentifier"].as_str().unwrap();
    let identifier: hutong::licence::Identifier = identifier.parse().unwrap();
    assert_eq!(identifier.check(), hutong::licence::CheckVerdict::Standard);
}

/// What stands for something that only its reader knows.
fn placeholders() -> BTreeMap<String, String> {
    let desk = "--gateway https://127.0.0.1:8445 --server-cert s.pem --cert c.pem --key k.pem";
    let licence = "1.2.156.3005.2.11100000000019713D071.11510000123456789U.000000000501.001.2";
    let key = "elicence/510000/witness+9eb428d3+BIyj72PH2/AO3HwG9wmPxGTbLY/1VVrHcSQsHBRaUUw4";
    let known = [
        ("C", desk),
        ("DESK", desk),
        ("HUB", desk),
        ("LICENCE", licence),
        ("ORDER", ZEROS),
        ("FINGERPRINT", ZEROS),
        ("GRANT", "grt_00000000000000000000000000000000"),
        ("SHA256_OF_THE_LIST", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"),
        ("WITNESS_KEY_OF_510000", key),
    ];
    known.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// The program's commands in the fenced blocks for a shell, word by word.
fn commands(document: &str) -> Vec<Vec<String>> {
    let mut variables = placeholders();
    let mut found = Vec::new();
    let blocks = document.split("\n```sh\n").skip(1).chain(document.strip_prefix("```sh\n"));
    for block in blocks.filter_map(|rest| rest.split("```").next()) {
        let joined = block.replace("\\\n", " ");
        for line in joined.lines().map(str::trim) {
            let name = line.split('=').next().unwrap_or_default();
            if line.starts_with("hutong ") {
                found.push(words(line, &variables));
            } else if line.contains('=') && name.chars().all(|c| c.is_ascii_uppercase()) {
                let value = line[name.len() + 1..].split(' ').next().unwrap_or_default();
                variables.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    found
}

/// The words of one command as a shell would make them, as far as the documents go.
fn words(line: &str, variables: &BTreeMap<String, String>) -> Vec<String> {
    let mut line = line.replace(" 2>", " >");
    let mut names: Vec<&String> = variables.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        line = line.replace(&format!("${name}"), &variables[name]);
    }
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            '|' | '>' | '&' | '#' if !is_quoted => break,
            ' ' if !is_quoted => words.push(String::new()),
            // A loop's variable names a folder or a number: any word does.
            '$' => words.last_mut().unwrap().push('x'),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
