// Versions of the rules, newest first: who changed what, when and why; and what any two of them make different.

import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, bodyOf } from "../api/client";
import { useNames } from "../api/names";
import { useNamesKnown, useOperatorName } from "../api/subjects";
import type { PolicyVersion } from "../api/types";
import { actSentence, type NamesKnown } from "../live/sentence";
import { type Column, DataTable } from "../parts/DataTable";
import { More } from "../parts/More";
import { Page, Section, Waiting } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { Counts } from "../preview/PreviewBeforeSave";
import { named, w } from "../words";
import { AccessDiffView } from "./AccessDiffView";
import { Version } from "./Version";

export type HistorySearch = { version?: number; old?: number; now?: number };

export function History() {
  const search = useSearch({ from: "/signed-in/history" });
  const navigate = useNavigate();
  const operatorName = useOperatorName();
  const names = useNamesKnown(useNames([]));
  const versions = useInfiniteQuery({
    queryKey: ["policy-versions"],
    queryFn: ({ pageParam }) =>
      bodyOf(
        api.GET("/api/v1/policy/versions", {
          params: { query: { limit: 50, ...(pageParam && { before: Number(pageParam) }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
  });
  const rows = versions.data?.pages.flatMap((page) => page.items);
  const go = (next: HistorySearch) => void navigate({ to: "/history", search: next, replace: true });
  const by = (version: PolicyVersion) => {
    if (!version.operator_id) return w.history.nobody;
    return operatorName(version.operator_id) || version.operator_id.slice(0, 8);
  };
  const columns: Column<PolicyVersion>[] = [
    { label: w.history.version, cell: (version) => <strong>{version.version}</strong>, width: 90 },
    { label: w.history.at, cell: (version) => <When at={version.changed_at} /> },
    { label: w.history.by, cell: by },
    { label: w.history.what, cell: (version) => what(version, names) },
    { label: w.history.rows, cell: (version) => w.history.changed(version.rows_count), width: 100 },
    {
      label: w.act.actions,
      align: "right",
      cell: (version) => (
        <Stack direction="row" spacing={1} sx={{ justifyContent: "flex-end" }}>
          <Button
            size="small"
            aria-label={w.history.open(version.version)}
            onClick={() => go({ ...search, version: version.version })}
          >
            {w.act.open}
          </Button>
          <Button
            size="small"
            disabled={version.version < 2}
            aria-label={w.history.compareWith(version.version)}
            onClick={() => go({ ...search, old: version.version - 1, now: version.version })}
          >
            {w.history.compare}
          </Button>
        </Stack>
      ),
    },
  ];
  return (
    <Page title={w.history.title} intro={w.history.intro}>
      <CompareForm key={`${search.old} ${search.now}`} search={search} onCompare={go} />
      {search.old && search.now && <Compared old={search.old} now={search.now} />}
      {search.version && <Version key={search.version} version={search.version} />}
      <DataTable
        label={w.history.title}
        columns={columns}
        rows={rows}
        keyOf={(version) => version.version}
        isSelected={(version) => version.version === search.version}
        empty={w.history.empty}
        error={versions.error}
        onRetry={() => versions.refetch()}
      />
      <More of={versions} label={w.history.more} />
    </Page>
  );
}

/** The act by which a version came about, or else what changed. */
function what({ act, subject_kind, subject_id, tables }: PolicyVersion, names: NamesKnown): string {
  if (act && subject_kind) return actSentence({ kind: act, subject_kind, subject_id }, names);
  const called: Record<string, string> = w.history.tables;
  return tables.map((table) => named(called, table)).join(", ");
}

function CompareForm({ search, onCompare }: { search: HistorySearch; onCompare: (search: HistorySearch) => void }) {
  const [old, setOld] = useState(search.old ? String(search.old) : "");
  const [now, setNow] = useState(search.now ? String(search.now) : "");
  const isGood = Number(old) > 0 && Number(now) > 0;
  return (
    <Paper
      variant="outlined"
      component="form"
      aria-label={w.history.compare}
      onSubmit={(event) => {
        event.preventDefault();
        if (isGood) onCompare({ ...search, old: Number(old), now: Number(now) });
      }}
      sx={{ p: 2 }}
    >
      <Stack direction="row" spacing={1.5} sx={{ alignItems: "center", flexWrap: "wrap" }} useFlexGap>
        <TextField
          label={w.history.old}
          type="number"
          value={old}
          onChange={(event) => setOld(event.target.value)}
          slotProps={{ htmlInput: { min: 1 } }}
          sx={{ width: 160 }}
        />
        <TextField
          label={w.history.new}
          type="number"
          value={now}
          onChange={(event) => setNow(event.target.value)}
          slotProps={{ htmlInput: { min: 1 } }}
          sx={{ width: 160 }}
        />
        <Button type="submit" variant="outlined" disabled={!isGood}>
          {w.history.compare}
        </Button>
      </Stack>
    </Paper>
  );
}

function Compared({ old, now }: { old: number; now: number }) {
  const diff = useQuery({
    queryKey: ["policy-compare", old, now],
    queryFn: () => bodyOf(api.GET("/api/v1/policy/compare", { params: { query: { old, new: now } } })),
    retry: false,
  });
  return (
    <Section title={w.history.compared(old, now)}>
      {diff.data ? (
        <Stack spacing={2}>
          <Counts diff={diff.data} />
          <AccessDiffView diff={diff.data} />
        </Stack>
      ) : (
        !diff.error && <Waiting lines={3} />
      )}
      <Trouble error={diff.error} onRetry={() => diff.refetch()} />
    </Section>
  );
}
