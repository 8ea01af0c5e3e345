//! Values in plain words: what a holder reads before agreeing, and what is shown to people of
//! documents made for programs. Text from elsewhere cannot move the cursor.

use serde_json::Value;

use crate::base::{Language, counted};
use crate::consent::{ConsentMode, FetchType, GrantTerms, LocalText};

/// A value on one line, without control characters.
pub(super) fn value(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    clean(&text)
}

/// Text from elsewhere: control characters and direction marks could make it look like ours.
pub(super) fn clean(text: &str) -> String {
    let is_safe = |character: &char| {
        !character.is_control()
            && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
            && !matches!(character, '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(is_safe).collect()
}

/// Who asks what, for what, and how long, one line each.
pub(super) fn terms(terms: &GrantTerms) -> Vec<String> {
    let detail = terms.detail();
    let grantee = &terms.grantee;
    let claims: Vec<String> = detail.claims.iter().map(|claim| clean(claim.name())).collect();
    let uses = match (terms.fetch_type, terms.max_uses) {
        (FetchType::Onetime, _) => "once".to_owned(),
        (FetchType::Periodic, Some(most)) => format!("at most {}", counted(most, "time", "times")),
        (FetchType::Periodic, None) => "any number of times".to_owned(),
    };
    let keeping = match terms.consent_mode {
        ConsentMode::View => "may look, may not keep it".to_owned(),
        ConsentMode::Store => {
            let days = counted(terms.data_life.days_at_most(), "day", "days");
            format!("may keep it for {days}")
        }
    };
    vec![
        format!("who asks   {}", local(&grantee.name)),
        format!("           {} in {}, {}", grantee.id, grantee.division, clean(&grantee.contact)),
        format!("what       {}", claims.join(", ")),
        format!("of         your licence {}", detail.identifier),
        format!("what for   {} ({})", local(&terms.purpose.text), terms.purpose.code),
        format!("how often  {uses}, until {}", terms.exp.instant()),
        format!("after      {keeping}"),
        format!(
            "notice     {} (version {})",
            clean(&terms.notice.uri),
            clean(&terms.notice.version)
        ),
        "You may take it back at any time: hutong consent revoke".to_owned(),
    ]
}

/// A text in English where there is one, else in the first language.
fn local(texts: &[LocalText]) -> String {
    let english = texts.iter().find(|text| text.lang == Language::En);
    english.or_else(|| texts.first()).map_or_else(String::new, |text| clean(&text.content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_cannot_move_the_cursor_or_turn_the_line() {
        assert_eq!(clean("a\u{1b}[2Jb\r\nc\u{202e}d\u{2066}e"), "a[2Jbcde");
        assert_eq!(value(&Value::from("张示例\u{7}")), "张示例");
        assert_eq!(value(&Value::from(7)), "7");
    }
}
