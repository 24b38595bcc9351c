//! The texts that people consent to before a finger is captured, by version and language. A text never changes: a new
//! wording is a new version. There are two kinds: those that name passage at doors alone, and those that name being compared when
//! others' fingers are enrolled, too. A finger is compared so only by the latter.

use serde::Serialize;
use utoipa::ToSchema;

/// A text to consent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsentText {
    /// Its version, as recorded with a consent.
    pub version: &'static str,
    /// Whether it names that the finger is compared when others' fingers are enrolled, and its own with those.
    pub covers_comparing: bool,
    /// Language, as in BCP 47.
    pub language: &'static str,
    /// The text.
    pub text: &'static str,
}

/// Every text of every version, newest first.
pub const TEXTS: &[ConsentText] = &[
    ConsentText {
        version: "2026-3",
        covers_comparing: true,
        language: "en",
        text: "I agree that features of my finger (a template, never a picture) are stored and compared with my finger \
               when I ask for passage at a door, and that they are compared when somebody's finger is enrolled, mine now \
               and others' later, so that nobody is enrolled twice. They serve no other purpose. They are kept encrypted \
               on the access control server and on the controllers of doors that I may use, or, where I am told so, on my \
               card; a station at which a finger is enrolled is sent them for each such comparison and keeps nothing of \
               them. If two fingers are taken for the same, that is recorded with both names. I may withdraw this consent \
               at any time without giving reasons; the template is then deleted, and what is left of it on my card can't \
               be read any more. If I decline or withdraw, I suffer no disadvantage: another way to prove who I am is \
               arranged.",
    },
    ConsentText {
        version: "2026-3",
        covers_comparing: true,
        language: "de",
        text: "Ich willige ein, dass Merkmale meines Fingers (ein Template, nie ein Bild) gespeichert und mit meinem \
               Finger verglichen werden, wenn ich an einer Tür Durchgang verlange, und dass sie verglichen werden, wenn \
               ein Finger erfasst wird, jetzt meiner und später der anderer, damit niemand doppelt erfasst wird. Sie \
               dienen keinem anderen Zweck. Sie liegen verschlüsselt auf dem Server der Zutrittskontrolle und auf den \
               Steuerungen der Türen, die ich benutzen darf, oder, wo man es mir sagt, auf meiner Karte; die Station, an der \
               ein Finger erfasst wird, bekommt sie für jeden solchen Vergleich und behält nichts davon. Werden zwei \
               Finger für denselben gehalten, so wird das mit beiden Namen festgehalten. Ich kann die Einwilligung \
               jederzeit ohne Angabe von Gründen widerrufen; das Template wird dann gelöscht, und was davon auf meiner \
               Karte bleibt, kann niemand mehr lesen. Lehne ich ab oder widerrufe ich, entsteht mir kein Nachteil: ein \
               anderer Nachweis wird vereinbart.",
    },
    ConsentText {
        version: "2026-2",
        covers_comparing: false,
        language: "en",
        text: "I agree that features of my finger (a template, never a picture) are stored and compared with my finger \
               when I ask for passage at a door. They serve no other purpose. They are kept encrypted on my card, or, \
               where I am told so, on the access control server and on the controllers of doors that I may use. I may \
               withdraw this consent at any time without giving reasons; the template is then deleted, and what is left \
               of it on my card can't be read any more. If I decline or withdraw, I suffer no disadvantage: another way \
               to prove who I am is arranged.",
    },
    ConsentText {
        version: "2026-2",
        covers_comparing: false,
        language: "de",
        text: "Ich willige ein, dass Merkmale meines Fingers (ein Template, nie ein Bild) gespeichert und mit meinem \
               Finger verglichen werden, wenn ich an einer Tür Durchgang verlange. Sie dienen keinem anderen Zweck. \
               Sie liegen verschlüsselt auf meiner Karte oder, wo man es mir sagt, auf dem Server der \
               Zutrittskontrolle und auf den Steuerungen der Türen, die ich benutzen darf. Ich kann die Einwilligung \
               jederzeit ohne Angabe von Gründen widerrufen; das Template wird dann gelöscht, und was davon auf meiner \
               Karte bleibt, kann niemand mehr lesen. Lehne ich ab oder widerrufe ich, entsteht mir kein Nachteil: ein \
               anderer Nachweis wird vereinbart.",
    },
    ConsentText {
        version: "2026-1",
        covers_comparing: false,
        language: "en",
        text: "I agree that features of my finger (a template, never a picture) are stored and compared with my finger \
               when I ask for passage at a door. They serve no other purpose. They are kept encrypted on the access \
               control server and on the controllers of doors that I may use. I may withdraw this consent at any \
               time without giving reasons; the template is then deleted everywhere. If I decline or withdraw, I \
               suffer no disadvantage: another way to prove who I am is arranged.",
    },
    ConsentText {
        version: "2026-1",
        covers_comparing: false,
        language: "de",
        text: "Ich willige ein, dass Merkmale meines Fingers (ein Template, nie ein Bild) gespeichert und mit meinem \
               Finger verglichen werden, wenn ich an einer Tür Durchgang verlange. Sie dienen keinem anderen Zweck. \
               Sie liegen verschlüsselt auf dem Server der Zutrittskontrolle und auf den Steuerungen der Türen, die \
               ich benutzen darf. Ich kann die Einwilligung jederzeit ohne Angabe von Gründen widerrufen; das \
               Template wird dann überall gelöscht. Lehne ich ab oder widerrufe ich, entsteht mir kein Nachteil: \
               ein anderer Nachweis wird vereinbart.",
    },
];

/// Whether there is a text of this version.
pub fn is_version(version: &str) -> bool {
    TEXTS.iter().any(|text| text.version == version)
}

/// Versions of the texts by which a finger may be compared with those of others.
pub fn comparing_versions() -> Vec<&'static str> {
    TEXTS.iter().filter(|text| text.covers_comparing).map(|text| text.version).collect()
}

/// Whether whoever consented to this version agreed that their finger is compared with those of others.
pub fn covers_comparing(version: &str) -> bool {
    TEXTS.iter().any(|text| text.version == version && text.covers_comparing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_the_same_in_each_language() {
        for text in TEXTS {
            let of_version = TEXTS.iter().filter(|other| other.version == text.version);
            let others: Vec<_> = of_version.map(|other| (other.language, other.covers_comparing)).collect();
            assert_eq!(others, [("en", text.covers_comparing), ("de", text.covers_comparing)], "{}", text.version);
        }
    }
}
