// Groups that a rule names: known by their ids, shown by their names.

import Chip from "@mui/material/Chip";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQueries } from "@tanstack/react-query";
import { queries } from "../api/queries";
import { type ChosenGroup, GroupSelect } from "../parts/GroupSelect";
import { w } from "../words";

/** Names of groups, by id; a part of the id until it is known. */
export function useGroupName(ids: readonly string[]): (id: string) => string {
  const known = useQueries({ queries: [...new Set(ids)].map((id) => queries.group(id)) });
  return (id) => known.find((group) => group.data?.id === id)?.data?.name ?? id.slice(0, 8);
}

type OneProps = { label: string; id: string | null; set: (id: string | null) => void; error?: string };

/** One group, or any. */
export function OneGroup({ label, id, set, error }: OneProps) {
  const nameOf = useGroupName(id ? [id] : []);
  const group: ChosenGroup | null = id ? { id, name: nameOf(id) } : null;
  return <GroupSelect label={label} group={group} onChange={(chosen) => set(chosen?.id ?? null)} error={error} />;
}

type SeveralProps = { label: string; ids: string[]; set: (ids: string[]) => void; error?: string };

/** Any number of groups: those that are chosen, and a field for one more. */
export function SeveralGroups({ label, ids, set, error }: SeveralProps) {
  const nameOf = useGroupName(ids);
  return (
    <Stack spacing={1}>
      <Stack direction="row" useFlexGap spacing={1} sx={{ flexWrap: "wrap", alignItems: "center" }}>
        <Typography variant="body2">{label}:</Typography>
        {ids.length === 0 && <Typography variant="body2">{w.threats.nobody}</Typography>}
        {ids.map((id) => (
          <Chip key={id} label={nameOf(id)} onDelete={() => set(ids.filter((other) => other !== id))} />
        ))}
      </Stack>
      <GroupSelect
        key={ids.length}
        label={w.threats.addExempt}
        group={null}
        without={ids}
        onChange={(chosen) => chosen && set([...ids, chosen.id])}
        error={error}
      />
    </Stack>
  );
}
