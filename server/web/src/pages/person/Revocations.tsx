// What was taken from a person of late, and since when each door knows: a door that decides alone goes by rules that it was sent.

import Alert from "@mui/material/Alert";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { queries, useAgentName, useDoorName } from "../../api/queries";
import type { Revocation } from "../../api/types";
import { Section } from "../../parts/Page";
import { When } from "../../parts/When";
import { text, w } from "../../words";

/** So many are shown. */
const SHOWN = 5;

function One({ revocation }: { revocation: Revocation }) {
  const doorName = useDoorName();
  const agentName = useAgentName();
  const former = revocation.doors.filter((door) => door.is_former);
  const driven = revocation.doors.filter((door) => !door.is_former);
  const waiting = driven.filter((door) => door.holding === "waiting");
  const known = driven.length - waiting.length;
  const newest = driven.map((door) => door.since ?? "").reduce((one, other) => (one > other ? one : other), "");
  return (
    <Alert severity={waiting.length + former.length > 0 ? "warning" : "success"} variant="outlined">
      <Typography variant="body2" sx={{ fontWeight: 650 }}>
        {text("RevocationKind", revocation.kind)} · <When at={revocation.at} />
      </Typography>
      <Typography variant="body2">
        {w.revocations.holds(known, driven.length)}
        {waiting.length === 0 && newest !== "" && (
          <>
            {" "}
            {w.revocations.since} <When at={newest} />
          </>
        )}
      </Typography>
      {waiting.map((door) => (
        <Typography key={door.door_id} variant="body2">
          {w.revocations.waits(doorName(door.door_id), agentName(door.agent_id))}{" "}
          {door.older_until && <When at={door.older_until} />}
        </Typography>
      ))}
      {former.map((door) => (
        <Typography key={`${door.door_id} ${door.agent_id}`} variant="body2">
          {door.holding === "waiting"
            ? w.revocations.formerWaits(doorName(door.door_id), agentName(door.agent_id))
            : w.revocations.formerTooOld(doorName(door.door_id), agentName(door.agent_id))}{" "}
          {door.older_until && <When at={door.older_until} />}
        </Typography>
      ))}
    </Alert>
  );
}

export function Revocations({ personId }: { personId: string }) {
  const query = useQuery(queries.revocations(personId));
  const newest = (query.data ?? []).slice(0, SHOWN);
  if (newest.length === 0) return null;
  return (
    <Section title={w.revocations.title}>
      <Stack spacing={1}>
        {newest.map((revocation) => (
          <One key={`${revocation.version} ${revocation.subject_id}`} revocation={revocation} />
        ))}
      </Stack>
    </Section>
  );
}
