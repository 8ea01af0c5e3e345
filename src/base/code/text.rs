//! Languages, and a text that is given in all of them at once.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::UnknownLanguage;

/// A language in which people are addressed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Language {
    /// English, `en`.
    #[serde(rename = "en")]
    En,
    /// Spanish, `es`.
    #[serde(rename = "es")]
    Es,
    /// Chinese in simplified characters, `zh-CN`: the default everywhere.
    #[default]
    #[serde(rename = "zh-CN")]
    Zh,
}

impl Language {
    /// Every language, the default first.
    pub const ALL: [Self; 3] = [Self::Zh, Self::En, Self::Es];

    /// The language tag (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
            Self::Zh => "zh-CN",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.tag())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.tag() == tag).ok_or(UnknownLanguage)
    }
}

/// One text in every language, as `{"zh-CN", "en", "es"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Chinese.
    #[serde(rename = "zh-CN")]
    pub zh: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
    /// Spanish.
    pub es: Cow<'static, str>,
}

impl Text {
    /// The text in one language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Es => &self.es,
            Language::Zh => &self.zh,
        }
    }
}

impl From<&'static Wording> for Text {
    fn from(wording: &'static Wording) -> Self {
        Self { zh: wording.zh.into(), en: wording.en.into(), es: wording.es.into() }
    }
}

/// A text of the catalogue, borrowed from the program itself.
pub(super) struct Wording {
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    pub(super) es: &'static str,
}

impl Wording {
    pub(super) const fn in_language(&self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Es => self.es,
            Language::Zh => self.zh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Code;
    use super::*;

    #[test]
    fn tags_parse_back() {
        for language in Language::ALL {
            assert_eq!(language.tag().parse(), Ok(language));
            let json = serde_json::to_string(&language).unwrap();
            assert_eq!(json, format!("\"{language}\""));
        }
    }

    #[test]
    fn foreign_and_miswritten_tags_are_refused() {
        for tag in ["", "zh", "zh-cn", "EN", "en-GB", "fr", " es"] {
            assert_eq!(tag.parse::<Language>(), Err(UnknownLanguage), "{tag}");
        }
    }

    #[test]
    fn a_text_has_exactly_the_three_members() {
        let text = Code::Ok.reason_text();
        let json = serde_json::to_value(&text).unwrap();
        let members: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members.len(), 3);
        assert!(members.iter().all(|tag| tag.parse::<Language>().is_ok()));
        assert_eq!(serde_json::from_value::<Text>(json).unwrap(), text);
    }

    #[test]
    fn a_text_with_a_missing_or_a_further_language_is_refused() {
        for json in [
            r#"{"zh-CN":"有效","en":"Valid"}"#,
            r#"{"zh-CN":"有效","en":"Valid","es":"Válida","fr":"Valide"}"#,
            r#"{"zh-CN":"有效","en":"Valid","es":null}"#,
            r#"{"zh-CN":"有效","en":"Valid","en":"Valid","es":"Válida"}"#,
        ] {
            assert!(serde_json::from_str::<Text>(json).is_err(), "{json}");
        }
    }
}
