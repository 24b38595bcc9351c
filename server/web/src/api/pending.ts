// The part of the API that openapi.json does not describe yet. Goes away when it does.

type Json<T> = { headers: Record<string, unknown>; content: { "application/json": T } };
type Empty = { headers: Record<string, unknown>; content?: never };
type None = { query?: never; header?: never; path?: never; cookie?: never };
type ById = { query?: never; header?: never; path: { id: string }; cookie?: never };
type ByIdAndVersion = { query?: never; header: { "If-Match": string }; path: { id: string }; cookie?: never };
type Query<Q> = { query?: Q; header?: never; path?: never; cookie?: never };
type Get<T, P = None> = { parameters: P; requestBody?: never; responses: { 200: Json<T> } };
type Send<T, B, P = None> = {
  parameters: P;
  requestBody: { content: { "application/json": B } };
  responses: { 200: T extends undefined ? Empty : Json<T> };
};
type Page<T> = { items: T[]; next?: string | null };
type Why = { reason: string };

export type Mode = "production" | "demo" | "test";
export type Role = "administrator" | "guard";
export type Session = {
  tenant: { id: string; slug: string; name: string };
  operator: { id: string; name: string; display_name: string; role: Role };
  mode: Mode;
  build: string;
  expires_at: string;
  idle_expires_at: string;
};
export type Installation = { mode: Mode; build: string; tenants: { slug: string; name: string }[] };
export type SetupLook = {
  purpose: "first_operator" | "invitation" | "totp_reset";
  tenant: { slug: string; name: string };
  name: string | null;
  display_name: string | null;
  totp_secret: string;
  otpauth_url: string;
};
export type SetupAnswer = {
  token: string;
  name?: string;
  display_name?: string;
  password?: string;
  totp: string;
};
export type OperatorState = "invited" | "active" | "disabled";
export type Operator = {
  id: string;
  name: string;
  display_name: string;
  role: Role;
  state: OperatorState;
  created_at: string;
  last_sign_in_at: string | null;
  version: number;
};
export type Invitation = { operator: Operator; setup_path: string; expires_at: string };

export type AgentKind = "door_controller" | "station";
export type AgentState = "invited" | "online" | "offline" | "revoked" | "quarantined";
export type Agent = {
  id: string;
  name: string;
  kind: AgentKind;
  state: AgentState;
  build: string | null;
  door_ids: string[];
  joined_at: string | null;
  last_seen_at: string | null;
  certificate_expires_at: string | null;
  bundle_version: number | null;
  acknowledged_seq: number | null;
  version: number;
};
export type JoinToken = { token: string; expires_at: string; command: string };

export type DoorState = {
  door_id: string;
  agent_id: string | null;
  agent_state: "online" | "offline" | "none";
  position: "open" | "closed" | "unknown";
  last_event: LogEvent | null;
};

export type LogEvent = {
  position: number;
  at: string;
  received_at: string;
  author: "agent" | "server";
  agent_id: string | null;
  epoch: number;
  seq: number;
  kind: string;
  door_id: string | null;
  side: "in" | "out" | null;
  person_id: string | null;
  credential_id: string | null;
  outcome: "granted" | "refused" | null;
  reason: string | null;
  decided: "online" | "offline" | null;
  finger: string | null;
  assurance: string | null;
  release_ms: number | null;
  policy_version: number | null;
  alarm: string | null;
  alarms: string[];
  attempt_id: string | null;
  persons: string[];
  device: string | null;
  device_state: string | null;
  is_up: boolean | null;
  open_ms: number | null;
  command_id: string | null;
  command_outcome: string | null;
  act: { operator_id: string | null; kind: string; subject_kind: string | null; subject_id: string | null } | null;
  hash: string;
};
export type EventDetail = LogEvent & {
  content?: { before: unknown; after: unknown; reason: string | null } | null;
};
export type EventsQuery = {
  before?: string;
  limit?: number;
  kind?: string;
  door_id?: string;
  person_id?: string;
  agent_id?: string;
  outcome?: string;
  reason?: string;
  from?: string;
  until?: string;
};
export type Alarm = {
  id: string;
  kind: string;
  priority: number;
  door_id: string | null;
  agent_id: string | null;
  person_id: string | null;
  raised_at: string;
  position: number;
  cleared_at: string | null;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  note: string | null;
};

export type PendingPaths = {
  "/api/v1/session": {
    get: Get<Session>;
    post: Send<Session, { tenant: string; name: string; password: string; totp: string }>;
    delete: { parameters: None; requestBody?: never; responses: { 204: Empty } };
  };
  "/api/v1/installation": { get: Get<Installation> };
  "/api/v1/setup/look": { post: Send<SetupLook, { token: string }> };
  "/api/v1/setup": { post: Send<Session, SetupAnswer> };
  "/api/v1/operators": {
    get: Get<Page<Operator>>;
    post: Send<Invitation, { name: string; display_name: string; role: string }>;
  };
  "/api/v1/operators/{id}": {
    patch: Send<Operator, { display_name?: string; role?: string; reason: string }, ByIdAndVersion>;
  };
  "/api/v1/operators/{id}/disable": { post: Send<Operator, Why, ById> };
  "/api/v1/operators/{id}/enable": { post: Send<Operator, Why, ById> };
  "/api/v1/operators/{id}/reset-totp": { post: Send<Invitation, Why, ById> };
  "/api/v1/agents": {
    get: Get<Page<Agent>>;
    post: Send<JoinToken & { agent: Agent }, { name: string; kind: string; door_ids: string[] }>;
  };
  "/api/v1/agents/{id}": {
    get: Get<Agent, ById>;
    patch: Send<Agent, { name?: string; door_ids?: string[] }, ByIdAndVersion>;
  };
  "/api/v1/agents/{id}/join-token": { post: Send<JoinToken, Why, ById> };
  "/api/v1/agents/{id}/revoke": { post: Send<Agent, Why, ById> };
  "/api/v1/doors/states": { get: Get<Page<DoorState>> };
  "/api/v1/doors/{id}/release": { post: Send<{ command_id: string }, Why, ById> };
  "/api/v1/events": { get: Get<Page<LogEvent>, Query<EventsQuery>> };
  "/api/v1/events/{position}": {
    get: Get<EventDetail, { query?: never; header?: never; path: { position: number }; cookie?: never }>;
  };
  "/api/v1/alarms": {
    get: Get<Page<Alarm>, Query<{ state?: string; before?: string; limit?: number }>>;
  };
  "/api/v1/alarms/{id}/acknowledge": { post: Send<Alarm, { note: string }, ById> };
  "/api/v1/demo/command": { post: Send<Record<string, unknown>, Record<string, unknown>> };
};
