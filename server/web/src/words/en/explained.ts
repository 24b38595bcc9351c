// Explanations in words: one text for each rule of RULES.md and each way in which it can answer. A test compares the list with it.

type Texts = { passed: string; failed: string; not_reached: string; not_applicable: string };

const NOT_REACHED = "Not asked: a rule before it settled it.";

export const explained = {
  door_known: {
    passed: "The rules know this door.",
    failed: "The rules know no such door.",
    not_reached: NOT_REACHED,
    not_applicable: "Its question does not arise here.",
  },
  card_known: {
    passed: "The card is known.",
    failed: "The card is not known.",
    not_reached: NOT_REACHED,
    not_applicable: "Its question does not arise here.",
  },
  reader_lock: {
    passed: "The reader was not locked.",
    failed: "The reader was locked for some seconds after too many refusals.",
    not_reached: NOT_REACHED,
    not_applicable: "Nothing to ask.",
  },
  card_genuine: {
    passed: "The card is of a kind that this site takes, and did not fail to prove itself.",
    failed: "The card could not prove that it is genuine, or cards without proof are not taken here.",
    not_reached: NOT_REACHED,
    not_applicable: "Its question does not arise here.",
  },
  card_state: {
    passed: "The card is in use.",
    failed: "The card is out of use.",
    not_reached: NOT_REACHED,
    not_applicable: "Its question does not arise here.",
  },
  card_lock: {
    passed: "The card is not locked on suspicion.",
    failed: "The card is locked on suspicion. An operator must unlock it.",
    not_reached: NOT_REACHED,
    not_applicable: "Its question does not arise here.",
  },
  card_period: {
    passed: "It is within the card's period.",
    failed: "It is outside the card's period.",
    not_reached: NOT_REACHED,
    not_applicable: "Its question does not arise here.",
  },
  person: {
    passed: "The person is active.",
    failed: "The person is out of use.",
    not_reached: NOT_REACHED,
    not_applicable: "Its question does not arise here.",
  },
  policy_age: {
    passed: "The controller's copy of the rules is young enough.",
    failed: "The controller decided alone, and its copy of the rules is too old.",
    not_reached: NOT_REACHED,
    not_applicable: "The server decided, whose rules do not age.",
  },
  block: {
    passed: "No block stops the person, the card or a group.",
    failed: "A block stops the person, the card or a group. It beats every grant.",
    not_reached: NOT_REACHED,
    not_applicable: "There is nothing to ask.",
  },
  threat_level: {
    passed: "No threat level locks this door for the person.",
    failed: "A threat level locks this door.",
    not_reached: NOT_REACHED,
    not_applicable: "No threat level is in force here.",
  },
  door_mode: {
    passed: "The door's mode lets people in.",
    failed: "The door is locked by its mode.",
    not_reached: NOT_REACHED,
    not_applicable: "The door has no mode that locks it.",
  },
  grant: {
    passed: "A grant holds this door and direction.",
    failed: "No grant in force holds this door and direction.",
    not_reached: NOT_REACHED,
    not_applicable: "Its question does not arise here.",
  },
  schedule: {
    passed: "It is within the permitted hours.",
    failed: "It is outside the permitted hours.",
    not_reached: NOT_REACHED,
    not_applicable: "The access level holds at any hour.",
  },
  travel: {
    passed: "There was time enough to walk here.",
    failed: "The person was at another door too short a time ago to have walked here.",
    not_reached: NOT_REACHED,
    not_applicable: "No travel times are set for this door.",
  },
  anti_passback: {
    passed:
      "As far as is known the person is on the side of the door where the card was shown; or whoever is elsewhere is let pass all the same.",
    failed:
      "The person is known to be elsewhere than on the side of the door where the card was shown. Named are the area whose setting refuses, and the door that the person is taken to have passed last.",
    not_reached: NOT_REACHED,
    not_applicable: "Anti-passback is off for the areas on both sides of the door, or waived under duress.",
  },
  occupancy: {
    passed: "There is room in the area.",
    failed: "The area is full.",
    not_reached: NOT_REACHED,
    not_applicable: "The area has no limit.",
  },
  interlock: {
    passed: "Every other door of the airlock is closed and locked.",
    failed: "Another door of the airlock is not closed and locked.",
    not_reached: NOT_REACHED,
    not_applicable: "The door is in no airlock.",
  },
  factors: {
    passed: "What the door demands was shown.",
    failed: "The door demands more than was shown, or the finger or PIN was not the holder's.",
    not_reached: NOT_REACHED,
    not_applicable: "Its question does not arise here.",
  },
  escort: {
    passed: "The escort is there.",
    failed: "A visitor waits for the escort.",
    not_reached: NOT_REACHED,
    not_applicable: "The person needs no escort.",
  },
  two_person: {
    passed: "Nobody is left alone in the area.",
    failed: "Nobody enters or stays alone here: a second person is waited for.",
    not_reached: NOT_REACHED,
    not_applicable: "The area does not demand two people.",
  },
} satisfies Record<string, Texts>;
