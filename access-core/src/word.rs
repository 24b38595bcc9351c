//! Closed vocabularies: enums whose variants are the same `snake_case` word in Rust, SQL, JSON and the user interface.

use std::fmt;

/// A closed vocabulary. Implemented by [`words!`](crate::words) only.
pub trait Word: Copy + Eq + fmt::Debug + fmt::Display + Sized + 'static {
    /// Name of the vocabulary, as it appears in the API description.
    const NAME: &'static str;
    /// Every word, in declaration order.
    const ALL: &'static [Self];

    /// The word itself.
    fn as_str(self) -> &'static str;

    /// The variant of a word, if it is one of this vocabulary.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|candidate| candidate.as_str() == word)
    }
}

/// A word that its vocabulary does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a word of {vocabulary}")]
pub struct UnknownWord {
    /// The vocabulary that was asked.
    pub vocabulary: &'static str,
    /// What was given.
    pub word: String,
}

/// Declares a closed vocabulary: an enum with its words, their canonical bytes (declaration order), JSON and parsing.
/// New words go at the end; a word's place is its byte on the wire.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ::borsh::BorshSerialize, ::borsh::BorshDeserialize,
        )]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $crate::word::Word for $name {
            const NAME: &'static str = stringify!($name);
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str($crate::word::Word::as_str(*self))
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::word::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                <Self as $crate::word::Word>::from_word(word).ok_or_else(|| $crate::word::UnknownWord {
                    vocabulary: stringify!($name),
                    word: word.to_owned(),
                })
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::word::Word::as_str(*self))
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <::std::borrow::Cow<'de, str> as ::serde::Deserialize>::deserialize(deserializer)?;
                word.parse().map_err(::serde::de::Error::custom)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Reason;

    #[test]
    fn every_word_parses_back_and_no_two_are_equal() {
        for (index, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(reason.as_str().parse::<Reason>(), Ok(*reason));
            assert!(Reason::ALL[index + 1..].iter().all(|other| other.as_str() != reason.as_str()));
            assert_eq!(serde_json::to_string(reason).unwrap(), format!("\"{reason}\""));
        }
        let error = "opened_sesame".parse::<Reason>().unwrap_err();
        assert_eq!(error.to_string(), "`opened_sesame` is not a word of Reason");
    }
}
