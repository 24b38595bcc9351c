//! The texts that people consent to before a finger is captured, by version and language. A text never changes: a new
//! wording is a new version.

use serde::Serialize;
use utoipa::ToSchema;

/// A text to consent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsentText {
    /// Its version, as recorded with a consent.
    pub version: &'static str,
    /// Language, as in BCP 47.
    pub language: &'static str,
    /// The text.
    pub text: &'static str,
}

/// Every text of every version, newest first.
pub const TEXTS: &[ConsentText] = &[
    ConsentText {
        version: "2026-2",
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
        language: "en",
        text: "I agree that features of my finger (a template, never a picture) are stored and compared with my finger \
               when I ask for passage at a door. They serve no other purpose. They are kept encrypted on the access \
               control server and on the controllers of doors that I may use. I may withdraw this consent at any \
               time without giving reasons; the template is then deleted everywhere. If I decline or withdraw, I \
               suffer no disadvantage: another way to prove who I am is arranged.",
    },
    ConsentText {
        version: "2026-1",
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
