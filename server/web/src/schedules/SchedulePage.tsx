// One schedule: the painted week with its day types, the same as text, the days that are otherwise, and the whole as a sentence.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { api, bodyOf, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { Schedule } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { ButtonTo } from "../parts/LinkTo";
import { Page, Section, Waiting } from "../parts/Page";
import { RemoveButton } from "../parts/RemoveButton";
import { Trouble } from "../parts/Trouble";
import { previewed } from "../preview/previewed";
import { text, w } from "../words";
import { Exceptions } from "./Exceptions";
import { HoursGrid } from "./HoursGrid";
import { DAYS, type Rows, rowsOf, scheduleSentence, windowsOf } from "./hours";
import { SpansField } from "./SpansField";

export function SchedulePage() {
  const { id } = useParams({ from: "/signed-in/schedules/$id" });
  const schedule = useQuery({
    queryKey: ["schedules", id],
    queryFn: () => bodyOf(api.GET("/api/v1/schedules/{id}", { params: { path: { id } } })),
    enabled: id !== "new",
  });
  const types = useQuery(queries.dayTypes);
  if (types.data && (id === "new" || schedule.data)) {
    return <Editor key={schedule.data?.version ?? "new"} schedule={schedule.data ?? null} />;
  }
  const error = schedule.error ?? types.error;
  return (
    <Page title={w.schedules.title}>
      {error ? <Trouble error={error} onRetry={() => schedule.refetch()} /> : <Waiting lines={10} />}
    </Page>
  );
}

function Editor({ schedule }: { schedule: Schedule | null }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const isAdministrator = useIsAdministrator();
  const { data: types = [] } = useQuery(queries.dayTypes);
  const [name, setName] = useState(schedule?.name ?? "");
  const [rows, setRows] = useState<Rows>(() => rowsOf(schedule?.windows ?? []));
  const [exceptions, setExceptions] = useState(schedule?.exceptions ?? []);
  const order = useMemo(
    () => [
      ...DAYS.map((day) => ({ key: day, label: text("Weekday", day) })),
      ...types.map((type) => ({ key: type.number, label: type.name })),
    ],
    [types],
  );
  const change = useCallback((next: Rows) => setRows(next), []);
  const body = { name: name.trim(), windows: windowsOf(rows), exceptions };
  const leave = async () => {
    await client.invalidateQueries({ queryKey: ["schedules"] });
    await navigate({ to: "/schedules" });
  };
  const save = useMutation({
    mutationFn: async () => {
      if (schedule === null) {
        await previewed([{ kind: "schedule_create", body }]);
        await api.POST("/api/v1/schedules", { body });
      } else {
        await previewed([{ kind: "schedule_replace", id: schedule.id, version: schedule.version, body }]);
        const params = { path: { id: schedule.id }, header: ifMatch(schedule.version) };
        await api.PUT("/api/v1/schedules/{id}", { params, body });
      }
    },
    onSuccess: leave,
  });
  const remove = async (gone: Schedule) => {
    await previewed([{ kind: "schedule_delete", id: gone.id, version: gone.version }]);
    const params = { path: { id: gone.id }, header: ifMatch(gone.version) };
    await api.DELETE("/api/v1/schedules/{id}", { params });
  };
  const wrong = (field: string) => (save.error instanceof Problem ? save.error.field(field) : undefined);
  return (
    <Page title={schedule ? w.schedules.edit(schedule.name) : w.schedules.add}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack spacing={3} component="fieldset" disabled={!isAdministrator} sx={{ border: 0, p: 0, m: 0, minWidth: 0 }}>
          <TextField
            label={w.schedules.name}
            value={name}
            onChange={(event) => setName(event.target.value)}
            error={wrong("name") !== undefined}
            helperText={wrong("name")}
            sx={{ maxWidth: 400 }}
            autoFocus={schedule === null}
            required
          />
          <Section title={w.schedules.grid}>
            <Stack spacing={2}>
              <HoursGrid order={order} rows={rows} onChange={change} />
              <Box role="status" sx={{ p: 2, borderRadius: 2, bgcolor: "background.default" }}>
                <Typography sx={{ fontWeight: 650 }}>{scheduleSentence(body, types)}</Typography>
                <Typography variant="body2" sx={{ color: "text.secondary" }}>
                  {types.length > 0 ? w.schedules.typesHelp : w.schedules.noTypes}
                </Typography>
              </Box>
              <Typography variant="h3">{w.schedules.asText}</Typography>
              <Box sx={{ display: "grid", gap: 2, gridTemplateColumns: "repeat(auto-fill, minmax(220px, 1fr))" }}>
                {order.map(({ key, label }) => (
                  <SpansField
                    key={key}
                    label={label}
                    spans={rows.get(key) ?? []}
                    onChange={(spans) => setRows((before) => new Map(before).set(key, spans))}
                  />
                ))}
              </Box>
              <Typography variant="caption" sx={{ color: "text.secondary" }}>
                {w.schedules.textHelp}
              </Typography>
            </Stack>
          </Section>
          <Exceptions exceptions={exceptions} onChange={setExceptions} />
          <Trouble error={save.error} />
          {isAdministrator && (
            <Stack direction="row" spacing={1} sx={{ justifyContent: "flex-end", alignItems: "center" }}>
              {schedule && (
                <RemoveButton
                  label={w.schedules.deleteTitle(schedule.name)}
                  effect={w.schedules.deleteEffect}
                  act={() => remove(schedule)}
                  onDone={leave}
                />
              )}
              <ButtonTo to="/schedules">{w.act.cancel}</ButtonTo>
              <Button type="submit" variant="contained" loading={save.isPending}>
                {w.act.save}
              </Button>
            </Stack>
          )}
        </Stack>
      </form>
    </Page>
  );
}
