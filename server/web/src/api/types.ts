// Short names for what the API answers and takes.

import type { Schema } from "./client";
import type { paths } from "./schema";

export type AccessLevel = Schema["AccessLevel"];
export type Agent = Schema["Agent"];
export type Alarm = Schema["Alarm"];
export type Area = Schema["Area"];
export type Block = Schema["Block"];
export type Card = Schema["Credential"];
export type DeviceHealth = Schema["DeviceHealth"];
export type Door = Schema["Door"];
export type DoorState = Schema["DoorState"];
export type EventDetail = Schema["LogEventDetail"];
export type EventsQuery = NonNullable<paths["/api/v1/events"]["get"]["parameters"]["query"]>;
export type Finger = Schema["Finger"];
export type Grant = Schema["Grant"];
export type Invitation = Schema["Invited"];
export type JoinToken = Schema["IssuedToken"];
export type LegalBasis = Schema["LegalBasis"];
export type LevelLine = Schema["LevelLine"];
export type LogEvent = Schema["LogEvent"];
export type Operator = Schema["Operator"];
export type Person = Schema["Person"];
export type PersonDetail = Schema["PersonDetail"];
export type Release = Schema["Release"];
export type Schedule = Schema["Schedule"];
export type Session = Schema["Session"];
export type SetupAnswer = Schema["SetUp"];
export type SetupLook = Schema["Setup"];
export type Site = Schema["Site"];
export type Station = Schema["StationView"];
export type Step = Schema["Step"];
export type WeekWindow = Schema["WeekWindow"];
