// Events for tests.

import type { LogEvent } from "../api/types";

export function logEvent(position: number, rest: Partial<LogEvent> = {}): LogEvent {
  return {
    position,
    at: "2026-11-23T13:05:09Z",
    received_at: "2026-11-23T13:05:09Z",
    author: "agent",
    agent_id: null,
    epoch: 1,
    seq: position,
    kind: "decision",
    door_id: null,
    side: null,
    person_id: null,
    credential_id: null,
    outcome: null,
    reason: null,
    decided: null,
    finger: null,
    assurance: null,
    release_ms: null,
    policy_version: null,
    alarm: null,
    alarms: [],
    attempt_id: null,
    persons: [],
    device: null,
    device_state: null,
    is_up: null,
    open_ms: null,
    command_id: null,
    command_outcome: null,
    act: null,
    hash: "",
    ...rest,
  };
}
