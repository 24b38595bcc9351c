// Versions of the rules, newest first: who changed what, when and why; and what any two of them make different.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, bodyOf, type Schema } from "../api/client";
import { useOperatorName } from "../api/subjects";
import type { PolicyVersion } from "../api/types";
import { type Column, DataTable } from "../parts/DataTable";
import { Page, Section, Waiting } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { Counts } from "../preview/PreviewBeforeSave";
import { named, text, w } from "../words";
import { AccessDiffView } from "./AccessDiffView";

export type HistorySearch = { version?: number; old?: number; now?: number };

export function History() {
  const search = useSearch({ from: "/signed-in/history" });
  const navigate = useNavigate();
  const operatorName = useOperatorName();
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
    { label: w.history.what, cell: (version) => what(version) },
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
      {search.version && <Detail version={search.version} />}
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
      {versions.hasNextPage && (
        <Button
          onClick={() => void versions.fetchNextPage()}
          loading={versions.isFetchingNextPage}
          sx={{ alignSelf: "flex-start" }}
        >
          {w.history.more}
        </Button>
      )}
    </Page>
  );
}

/** The act by which a version came about, or else the tables that changed. */
function what(version: PolicyVersion): string {
  if (version.act && version.subject_kind) {
    return `${text("ActKind", version.act)} · ${text("SubjectKind", version.subject_kind)}`;
  }
  return version.tables.map((table) => table.replaceAll("_", " ")).join(", ");
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

function Detail({ version }: { version: number }) {
  const detail = useQuery({
    queryKey: ["policy-version", version],
    queryFn: () => bodyOf(api.GET("/api/v1/policy/versions/{version}", { params: { path: { version } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return (
    <Section title={w.history.detail(version)}>
      {detail.data === undefined && !detail.error && <Waiting lines={3} />}
      <Trouble error={detail.error} onRetry={() => detail.refetch()} />
      {detail.data?.reason && (
        <Typography sx={{ mb: 1.5 }}>
          {w.history.reason}: <strong>{detail.data.reason}</strong>
        </Typography>
      )}
      <Stack spacing={1.5}>
        {detail.data?.rows.map((row) => (
          <RowChange key={`${row.table} ${JSON.stringify(row.key)}`} row={row} />
        ))}
      </Stack>
    </Section>
  );
}

type Values = Record<string, unknown>;

/** What is different of a row, name by name. */
export function changedFields(
  before: Values | null,
  after: Values | null,
): { name: string; before: string; after: string }[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const show = (value: unknown) =>
    value === null || value === undefined ? "" : JSON.stringify(value).replaceAll('"', "");
  return names
    .map((name) => ({ name, before: show(before?.[name]), after: show(after?.[name]) }))
    .filter((field) => field.before !== field.after && field.name !== "row_version");
}

function RowChange({ row }: { row: Schema["ChangedRow"] }) {
  const before = (row.before ?? null) as Values | null;
  const after = (row.after ?? null) as Values | null;
  const fate = before === null ? w.history.fresh : after === null ? w.history.gone : "";
  return (
    <Box>
      <Typography variant="body2" sx={{ fontWeight: 650 }}>
        {named({}, row.table)} {fate}
      </Typography>
      <Box
        component="dl"
        sx={{
          m: 0,
          display: "grid",
          gridTemplateColumns: "minmax(120px, auto) 1fr",
          columnGap: 2,
          fontSize: "0.8125rem",
        }}
      >
        {changedFields(before, after).map((field) => (
          <Box key={field.name} sx={{ display: "contents" }}>
            <Box component="dt" sx={{ color: "text.secondary" }}>
              {named({}, field.name)}
            </Box>
            <Box component="dd" sx={{ m: 0, overflowWrap: "anywhere" }}>
              {[field.before, field.after].filter((value) => value !== "").join(" → ")}
            </Box>
          </Box>
        ))}
      </Box>
    </Box>
  );
}
