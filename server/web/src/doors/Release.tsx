// The momentary release by an operator: asked for with a reason, and followed until the door has answered.

import Alert from "@mui/material/Alert";
import { useEffect, useState } from "react";
import { api, bodyOf } from "../api/client";
import type { Door, LogEvent } from "../api/types";
import { useFeed } from "../frame/session";
import { seconds } from "../live/sentence";
import { LinkTo } from "../parts/LinkTo";
import { ReasonDialog } from "../parts/ReasonDialog";
import { text, w } from "../words";

/** Longer than a command is valid, in milliseconds. */
const SILENT_MS = 11_000;

export type Sent = { commandId: string; door: Door };

/** The door's answer to a release, as it comes through the log. */
export function Answer({ sent, onClose }: { sent: Sent; onClose: () => void }) {
  const { events } = useFeed();
  const [isSilent, setSilent] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSilent(true), SILENT_MS);
    return () => clearTimeout(timer);
  }, []);
  const answer: LogEvent | undefined = events.find(
    (event) => event.kind === "command_done" && event.command_id === sent.commandId,
  );
  const isGood = answer?.command_outcome === "carried_out";
  return (
    <Alert
      severity={answer ? (isGood ? "success" : "error") : isSilent ? "warning" : "info"}
      role="status"
      onClose={onClose}
      closeText={w.act.close}
    >
      <strong>{sent.door.name}:</strong>{" "}
      {answer
        ? w.doors.releaseDone(text("CommandOutcome", answer.command_outcome))
        : isSilent
          ? w.doors.releaseSilent
          : w.doors.releaseSent}{" "}
      {answer && (
        <LinkTo underline="always" to="/events" search={{ event: answer.position, door_id: sent.door.id }}>
          {w.release.title}
        </LinkTo>
      )}
    </Alert>
  );
}

type Props = { door: Door; onSent: (sent: Sent) => void; onClose: () => void };

export function ReleaseDialog({ door, onSent, onClose }: Props) {
  return (
    <ReasonDialog
      title={w.doors.releaseTitle(door.name)}
      effect={w.doors.releaseEffect(seconds(door.release_ms ?? 0))}
      submit={w.doors.releaseSubmit}
      act={async (reason) => {
        const params = { path: { id: door.id } };
        const { command_id } = await bodyOf(api.POST("/api/v1/doors/{id}/release", { params, body: { reason } }));
        onSent({ commandId: command_id, door });
      }}
      onClose={onClose}
    />
  );
}
