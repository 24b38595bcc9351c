// Names for what the API answers, wherever it is described.

import type { Schema } from "./client";

export type {
  Agent,
  AgentState,
  Alarm,
  DoorState,
  EventDetail,
  EventsQuery,
  Installation,
  Invitation,
  JoinToken,
  LogEvent,
  Mode,
  Operator,
  Role,
  Session,
  SetupAnswer,
  SetupLook,
} from "./pending";

export type AccessLevel = Schema["AccessLevel"];
export type Area = Schema["Area"];
export type Block = Schema["Block"];
export type Card = Schema["Credential"];
export type Door = Schema["Door"];
export type Finger = Schema["Finger"];
export type Grant = Schema["Grant"];
export type LegalBasis = Schema["LegalBasis"];
export type LevelLine = Schema["LevelLine"];
export type Person = Schema["Person"];
export type PersonDetail = Schema["PersonDetail"];
export type Schedule = Schema["Schedule"];
export type Site = Schema["Site"];
export type Station = Schema["StationView"];
export type Step = Schema["Step"];
export type WeekWindow = Schema["WeekWindow"];
