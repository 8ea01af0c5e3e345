//! The catalogue of words: one phrase per code, complete or the program does not compile.
//!
//! Words only. What a code leads to is said once, in the registry.

mod cli;
mod note;
mod path;
mod permission;
mod problem;
mod record;
mod trust_update;
mod verdict;

use super::registry::Code;
use super::text::Wording;

/// What is said about one code: what is the case, and what to do next.
pub(super) struct Phrase {
    code: Code,
    pub(super) reason: Wording,
    pub(super) next_step: Wording,
}

/// The phrase for `code`.
pub(super) fn phrase(code: Code) -> &'static Phrase {
    // Index safety: the catalogue has one slot for each code, and a code is its own position.
    CATALOGUE[code as usize]
}

/// Declares the phrases of one file, each in the three languages as `reason, next step`.
macro_rules! phrasebook {
    ($(
        $code:ident {
            zh $zh_reason:literal, $zh_next:literal;
            en $en_reason:literal, $en_next:literal;
            es $es_reason:literal, $es_next:literal;
        }
    )+) => {
        pub(super) static PHRASES: &[super::Phrase] = &[$(super::Phrase {
            code: super::Code::$code,
            reason: super::Wording { zh: $zh_reason, en: $en_reason, es: $es_reason },
            next_step: super::Wording { zh: $zh_next, en: $en_next, es: $es_next },
        }),+];
    };
}
use phrasebook;

/// Lays the files' phrases out by code. Runs in the compiler, so a code without words, or with
/// words in two places, is a compile error and never a missing text at the roadside.
const fn assemble() -> [&'static Phrase; Code::ALL.len()] {
    let mut slots: [Option<&'static Phrase>; Code::ALL.len()] = [None; Code::ALL.len()];
    let mut book = 0;
    while book < BOOKS.len() {
        let mut line = 0;
        while line < BOOKS[book].len() {
            let phrase = &BOOKS[book][line];
            assert!(slots[phrase.code as usize].is_none(), "a code has two phrases");
            slots[phrase.code as usize] = Some(phrase);
            line += 1;
        }
        book += 1;
    }
    let mut catalogue = [&BOOKS[0][0]; Code::ALL.len()];
    let mut position = 0;
    while position < slots.len() {
        let Some(phrase) = slots[position] else { panic!("a code has no phrase") };
        catalogue[position] = phrase;
        position += 1;
    }
    catalogue
}

static BOOKS: [&[Phrase]; 8] = [
    cli::PHRASES,
    note::PHRASES,
    path::PHRASES,
    permission::PHRASES,
    problem::PHRASES,
    record::PHRASES,
    trust_update::PHRASES,
    verdict::PHRASES,
];

static CATALOGUE: [&Phrase; Code::ALL.len()] = assemble();
