//! Routes that change something and are not previewed, each with why. A new route is a kind of change in `preview.rs`, or stands here.
//! Those that are said to touch no rule are held to it whenever a test calls one: see `testing`.

/// Why a route is not previewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    /// It leaves the tables alone that rules are made of.
    NoRule,
    /// It writes to them, and nobody's access depends on what it writes.
    Nobody(&'static str),
}

use Because::{NoRule, Nobody};

pub(crate) const NOT_PREVIEWED: [(&str, &str, Because); 43] = [
    ("POST", "/areas", Nobody("no door leads there yet, and it asks for nothing")),
    ("PUT", "/day-types/{number}", Nobody("only what a day type is called")),
    (
        "DELETE",
        "/day-types/{number}",
        Nobody("only what it is called, and refused while a calendar or schedule names it"),
    ),
    ("POST", "/people", Nobody("a new person has no card and was granted nothing")),
    ("PATCH", "/people/{id}", Nobody("who somebody is; the row only counts that it changed")),
    ("PUT", "/people/{id}/photo", Nobody("how somebody looks; the row only counts that it changed")),
    ("DELETE", "/people/{id}/photo", Nobody("how somebody looks; the row only counts that it changed")),
    (
        "DELETE",
        "/people/{id}/duress-pin",
        Nobody("it opens nothing that the PIN beside it does not; the row only says that it changed"),
    ),
    ("POST", "/enrolments", Nobody("the card, finger or PIN comes later from the station, where its holder sits")),
    ("POST", "/enrolments/{id}/cancel", NoRule),
    ("PUT", "/card-rules", Nobody("how cards and fingers are made from now on; those that are there stay as they are")),
    ("POST", "/card-rules/rotate", Nobody("which keys cards get; those that they have go on opening")),
    ("POST", "/agents", Nobody("which part of the rules it gets; what they say stays")),
    ("PATCH", "/agents/{id}", Nobody("which part of the rules it gets; what they say stays")),
    ("POST", "/agents/{id}/revoke", Nobody("its doors have no agent then; what the rules say stays")),
    ("POST", "/agents/{id}/join-token", Nobody("which keys cards get that a copy may know; what the rules say stays")),
    ("POST", "/agents/{id}/replace", Nobody("which keys cards get that its machine had; what the rules say stays")),
    ("POST", "/agents/{id}/taken-away", NoRule),
    ("POST", "/doors/{id}/release", NoRule),
    // What operators set is state, not rules: its dialogues name the effect in numbers.
    ("PUT", "/doors/{id}/mode", NoRule),
    ("DELETE", "/doors/{id}/mode", NoRule),
    ("POST", "/state/threat-level", NoRule),
    ("POST", "/people/{id}/forgive", NoRule),
    ("POST", "/areas/{id}/reset", NoRule),
    ("POST", "/credentials/{id}/unlock", NoRule),
    ("POST", "/doors/{id}/unlock-reader", NoRule),
    ("PUT", "/doors/{id}/zones", NoRule),
    ("POST", "/vault/names", NoRule),
    ("POST", "/session", NoRule),
    ("DELETE", "/session", NoRule),
    ("POST", "/setup/look", NoRule),
    ("POST", "/setup", NoRule),
    ("POST", "/operators", NoRule),
    ("PATCH", "/operators/{id}", NoRule),
    ("POST", "/operators/{id}/disable", NoRule),
    ("POST", "/operators/{id}/enable", NoRule),
    ("POST", "/operators/{id}/reset-totp", NoRule),
    ("POST", "/operators/{id}/reset-factors", NoRule),
    ("POST", "/operators/{id}/setup-link", NoRule),
    ("POST", "/alarms/{id}/acknowledge", NoRule),
    ("POST", "/explain", NoRule),
    ("POST", "/policy/preview", Nobody("nothing is saved, and others may save beside it")),
    ("POST", "/demo/command", NoRule),
];

/// Whether a request is said to touch no rule. `path` is without the API's base.
pub(crate) fn touches_no_rule(method: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let is = |pattern: &str| {
        let alike = |(named, given): (&str, &str)| named == given || named.starts_with('{');
        pattern.split('/').count() == path.split('/').count() && pattern.split('/').zip(path.split('/')).all(alike)
    };
    NOT_PREVIEWED.iter().any(|(known, pattern, because)| *known == method && *because == NoRule && is(pattern))
}
