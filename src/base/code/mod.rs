//! The published reason codes: what each is called, leads to, and says to people.
//!
//! Nothing here decides anything; callers choose the code, the registry knows the rest.

mod answer;
mod etsi;
mod registry;
mod text;
mod texts;

use std::borrow::Cow;
use std::{error, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use answer::{Answer, Layer};
pub use etsi::{Etsi, MainIndication, SubIndication};
pub use registry::Code;
pub use text::{Language, Text};

impl Code {
    /// What is the case, in plain words for the person it concerns.
    #[must_use]
    pub fn reason(self, language: Language) -> &'static str {
        texts::phrase(self).reason.in_language(language)
    }

    /// What to do next, in plain words.
    #[must_use]
    pub fn next_step(self, language: Language) -> &'static str {
        texts::phrase(self).next_step.in_language(language)
    }

    /// The reason in all languages, as a report carries it.
    #[must_use]
    pub fn reason_text(self) -> Text {
        Text::from(&texts::phrase(self).reason)
    }

    /// The next step in all languages, as a report carries it.
    #[must_use]
    pub fn next_step_text(self) -> Text {
        Text::from(&texts::phrase(self).next_step)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let slug = Cow::<'de, str>::deserialize(deserializer)?;
        slug.parse().map_err(de::Error::custom)
    }
}

/// A code that the registry does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl fmt::Display for UnknownCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a code of the registry")
    }
}

impl error::Error for UnknownCode {}

/// A language tag other than `zh-CN`, `en` or `es`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLanguage;

impl fmt::Display for UnknownLanguage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not one of zh-CN, en, es")
    }
}

impl error::Error for UnknownLanguage {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn slugs_are_unique_and_parse_back() {
        let slugs: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(slugs.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), *code);
        }
    }

    #[test]
    fn unknown_slugs_are_refused() {
        for slug in ["", "OK", "licence.", "licence-revoked", "licence.revoked ", "LicenceRevoked"]
        {
            assert_eq!(slug.parse::<Code>(), Err(UnknownCode), "{slug}");
        }
        assert!(serde_json::from_str::<Code>("7").is_err());
    }

    #[test]
    fn no_code_has_left_the_registry() {
        let count = |layer| Code::ALL.iter().filter(|code| code.layer() == layer).count();
        assert_eq!(count(Layer::Verdict), 45);
        assert_eq!(count(Layer::Note), 3);
        assert_eq!(count(Layer::Path), 21);
        assert_eq!(count(Layer::Record), 12);
        assert_eq!(count(Layer::TrustUpdate), 28);
        assert_eq!(count(Layer::Problem), 49);
        assert_eq!(count(Layer::Cli), 10);
        assert_eq!(Code::ALL.len(), 168);
    }

    #[test]
    fn the_slug_has_the_shape_of_its_layer() {
        let is_word = |text: &str, joint: u8| {
            text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == joint)
                && text.split(char::from(joint)).all(|part| !part.is_empty())
        };
        let is_dotted = |slug: &str| {
            slug.split_once('.').is_some_and(|(a, b)| is_word(a, b'_') && is_word(b, b'_'))
        };
        for code in Code::ALL {
            let slug = code.as_str();
            let fits = match code.layer() {
                Layer::Verdict => *code == Code::Ok || is_dotted(slug),
                Layer::Note => *code == Code::NotShown || is_dotted(slug),
                Layer::Path => is_dotted(slug) && slug.starts_with("path."),
                Layer::Record => is_dotted(slug) && slug.starts_with("record."),
                Layer::Cli | Layer::Problem | Layer::TrustUpdate => is_word(slug, b'-'),
            };
            assert!(fits, "{code}");
        }
    }

    #[test]
    fn the_answer_is_one_the_layer_can_give() {
        for code in Code::ALL {
            let answer = code.answer();
            let fits = match code.layer() {
                Layer::Verdict => {
                    matches!(answer, Answer::Accept | Answer::Refuse | Answer::Check)
                }
                Layer::Note => answer == Answer::Info,
                Layer::Path => answer == Answer::Exit(1),
                Layer::Record => matches!(answer, Answer::Refuse | Answer::Check | Answer::Info),
                Layer::TrustUpdate => {
                    matches!(answer, Answer::Keep | Answer::EntryRefused | Answer::RestrictionsOnly)
                }
                Layer::Problem => answer == Answer::Problem,
                Layer::Cli => matches!(answer, Answer::Exit(64..)),
            };
            assert!(fits, "{code}");
        }
    }

    #[test]
    fn only_two_codes_accept() {
        let accepting: Vec<_> =
            Code::ALL.iter().filter(|code| code.answer() == Answer::Accept).collect();
        assert_eq!(accepting, [&Code::Ok, &Code::RegisterValid]);
    }

    #[test]
    fn every_code_speaks_every_language_in_its_own_words() {
        for language in Language::ALL {
            let mut reasons = HashSet::new();
            for code in Code::ALL {
                let (reason, next) = (code.reason(language), code.next_step(language));
                assert!(!reason.trim().is_empty() && !next.trim().is_empty(), "{code} {language}");
                assert_ne!(reason, next, "{code} {language}");
                assert!(reasons.insert(reason), "{code} {language} repeats a reason");
                assert!(reason.ends_with(['.', '。']) && next.ends_with(['.', '。']), "{code}");
            }
        }
    }

    #[test]
    fn chinese_is_chinese_and_the_others_are_translated() {
        let is_han = |letter: char| ('\u{4e00}'..='\u{9fff}').contains(&letter);
        for code in Code::ALL {
            assert!(code.reason(Language::Zh).contains(is_han), "{code}");
            assert!(code.next_step(Language::Zh).contains(is_han), "{code}");
            assert_ne!(code.reason(Language::En), code.reason(Language::Es), "{code}");
            assert_ne!(code.next_step(Language::En), code.next_step(Language::Es), "{code}");
        }
    }

    #[test]
    fn nobody_is_called_a_forger() {
        for code in Code::ALL {
            for text in [code.reason(Language::En), code.next_step(Language::En)] {
                assert!(!text.contains("forged") && !text.contains("fake"), "{code}");
            }
        }
        assert!(Code::IssuerNotFederated.reason(Language::En).contains("not recognised"));
        assert!(Code::RegisterNotFound.reason(Language::En).contains("no proof"));
        assert!(Code::NotShown.next_step(Language::En).contains("no penalty"));
    }
}
