// What operators do, as sentences. `what` names the thing, or says its kind where it has no name that may be shown.

import type { vocabulary } from "./vocabulary";

type Kinds = typeof vocabulary.ActKind;

export const acts: Record<keyof Kinds, (what: string) => string> = {
  created: (what) => `Created ${what}`,
  changed: (what) => `Changed ${what}`,
  deleted: (what) => `Removed ${what}`,
  signed_in: () => "Signed in",
  sign_in_failed: (what) => `Failed to sign in as ${what}`,
  signed_out: () => "Signed out",
  set_up: () => "Finished setting up the account",
  totp_reset: (what) => `Reset the authenticator of ${what}`,
  password_changed: () => "Changed the password",
  disabled: (what) => `Put ${what} out of use`,
  enabled: (what) => `Put ${what} back to use`,
  viewed: (what) => `Looked at ${what}`,
  revoked: (what) => `Revoked ${what}`,
  acknowledged: (what) => `Acknowledged ${what}`,
  door_released: (what) => `Released ${what} for a moment`,
  join_token_issued: (what) => `Issued a token to join for ${what}`,
  replaced: (what) => `Let another machine take the place of ${what}`,
  taken_away: (what) => `Stated that machines of ${what} out of use were taken away`,
  joined: (what) => `Let ${what} join`,
  legal_basis_recorded: (what) => `Recorded the legal basis of ${what}`,
  legal_basis_withdrawn: (what) => `Withdrew the legal basis of ${what}`,
  enrolment_started: (what) => `Started an enrolment of ${what}`,
  enrolment_stopped: (what) => `Stopped an enrolment of ${what}`,
  setup_link_issued: (what) => `Issued a new link to ${what}`,
  factors_reset: (what) => `Reset password and authenticator of ${what}`,
};

export const subjects = {
  /** Things that are called by their name alone. */
  byName: ["person", "operator", "door"] as string[],
  named: (kind: string, name: string) => `${kind} “${name}”`,
  unnamed: (kind: string) => (/^[aeo]/.test(kind) ? `an ${kind}` : `a ${kind}`),
  /** Many at once. */
  several: "several people",
};
