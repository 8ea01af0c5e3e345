//! The kinds of signed document. A key accepted for one is never tried for another.

use std::fmt;

/// Declares the vocabulary once: variant, `typ` text, meaning.
macro_rules! typs {
    ($($variant:ident $text:literal $doc:literal;)*) => {
        /// The `typ` header of a document of this federation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Typ {
            $(#[doc = $doc] $variant,)*
        }

        impl Typ {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The header's text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

typs! {
    Answer "elicence-answer+jwt" "The answer of one gateway to another.";
    Authorisation "elicence-authorisation+jwt" "An authorisation by the transport authority.";
    ClientRenewal "elicence-client-renewal+jwt" "A client's new key, stated by its old one.";
    ClientRequest "elicence-client-request+jwt" "A client's own signature over its request.";
    Enrolment "elicence-enrolment+jwt" "A member's application to the federation.";
    Freshness "elicence-freshness+jwt" "The hub's statement of what is current.";
    Grant "elicence-grant+jwt" "A holder's grant, signed by the issuing province.";
    KeyBinding "kb+jwt" "A holder's proof of possession (RFC 9901).";
    KeyChange "elicence-keychange+jwt" "A change of a member's list key, by the previous key.";
    Licence "dc+sd-jwt" "A licence as SD-JWT VC.";
    List "lote+jose" "A trust list.";
    Possession "elicence-possession+jwt" "A proof that a listed key is held by its member.";
    Receipt "elicence-receipt+jwt" "A consent receipt.";
    Record "elicence-record+jwt" "The manifest of an e-record.";
    Registration "elicence-registration+jwt" "A registrar's statement on who a client is.";
    Report "elicence-report+jwt" "A verification report.";
    Request "elicence-request+jwt" "A question of one gateway to another.";
    Root "elicence-root+jose" "The root of trust.";
    StatusList "statuslist+jwt" "A token status list.";
    Suspension "elicence-suspension+jwt" "An order that stops a member, a service or a key.";
}

impl fmt::Display for Typ {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
