//! Declarations shared by the values of this module: textual serialisation and code tables.
//!
//! Only macros live here; what they declare is documented where it is declared.

/// Serialises through `Display` and `FromStr`, so that no malformed value can be read.
macro_rules! textual_serde {
    ($($name:ident),*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(reader)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

/// Declares an enum from a published code table: variant, code, Chinese name, English name.
///
/// Reading and writing (serde, `Display`, `FromStr`) use the code.
macro_rules! coded_enum {
    (
        $(#[$doc:meta])*
        $name:ident { $($variant:ident = $code:literal, $zh:literal, $en:literal;)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $code, "` ", $zh, ": ", $en, ".")] $variant,)*
        }

        impl $name {
            /// Every value, in the order of the code table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The published code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The value with this published code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// The name in Chinese, as the code table prints it.
            #[must_use]
            pub const fn name_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }

            /// The name in English.
            #[must_use]
            pub const fn name_en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::licence::UnknownCode;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::from_code(text).ok_or($crate::licence::UnknownCode)
            }
        }

        $crate::licence::textual::textual_serde!($name);
    };
}

pub(super) use coded_enum;
pub(super) use textual_serde;
