// One calendar: a year to be painted with day types, and the same days as a list.

import BackIcon from "@mui/icons-material/ChevronLeft";
import NextIcon from "@mui/icons-material/ChevronRight";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import IconButton from "@mui/material/IconButton";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import ToggleButton from "@mui/material/ToggleButton";
import ToggleButtonGroup from "@mui/material/ToggleButtonGroup";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { api, bodyOf, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { Calendar } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { ButtonTo } from "../parts/LinkTo";
import { Page, Section, Waiting } from "../parts/Page";
import { RemoveButton } from "../parts/RemoveButton";
import { Trouble } from "../parts/Trouble";
import { previewed } from "../preview/previewed";
import { dayText } from "../time";
import { w } from "../words";
import { MARKS, type Types, YearGrid } from "./YearGrid";
import { yearLater } from "./year";

export function CalendarPage() {
  const { id } = useParams({ from: "/signed-in/calendars/$id" });
  const calendar = useQuery({
    queryKey: ["calendars", id],
    queryFn: () => bodyOf(api.GET("/api/v1/calendars/{id}", { params: { path: { id } } })),
    enabled: id !== "new",
  });
  const types = useQuery(queries.dayTypes);
  if (types.data && (id === "new" || calendar.data)) {
    return <Editor key={calendar.data?.version ?? "new"} calendar={calendar.data ?? null} />;
  }
  const error = calendar.error ?? types.error;
  return (
    <Page title={w.calendars.title}>
      {error ? <Trouble error={error} onRetry={() => calendar.refetch()} /> : <Waiting lines={10} />}
    </Page>
  );
}

function Editor({ calendar }: { calendar: Calendar | null }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const isAdministrator = useIsAdministrator();
  const { data: dayTypes = [] } = useQuery(queries.dayTypes);
  const [name, setName] = useState(calendar?.name ?? "");
  const [days, setDays] = useState<Types>(() => new Map(calendar?.days.map((day) => [day.day, day.day_type])));
  const [year, setYear] = useState(() => new Date().getFullYear());
  const [brush, setBrush] = useState<number | null>(dayTypes[0]?.number ?? null);
  const [added, setAdded] = useState("");
  const names = useMemo(() => new Map(dayTypes.map((type) => [type.number, type.name])), [dayTypes]);
  const typeName = useCallback((type: number) => names.get(type) ?? String(type), [names]);
  const change = useCallback((next: Types) => setDays(next), []);
  const inOrder = [...days].toSorted(([one], [other]) => one.localeCompare(other));
  const ofYear = inOrder.filter(([day]) => Number(day.slice(0, 4)) === year);
  const body = { name: name.trim(), days: inOrder.map(([day, day_type]) => ({ day, day_type })) };
  const leave = async () => {
    await client.invalidateQueries({ queryKey: ["calendars"] });
    await navigate({ to: "/calendars" });
  };
  const save = useMutation({
    mutationFn: async () => {
      if (calendar === null) {
        await api.POST("/api/v1/calendars", { body });
      } else {
        await previewed([{ kind: "calendar_replace", id: calendar.id, version: calendar.version, body }]);
        const params = { path: { id: calendar.id }, header: ifMatch(calendar.version) };
        await api.PUT("/api/v1/calendars/{id}", { params, body });
      }
    },
    onSuccess: leave,
  });
  const remove = async (gone: Calendar) => {
    const params = { path: { id: gone.id }, header: ifMatch(gone.version) };
    await api.DELETE("/api/v1/calendars/{id}", { params });
  };
  const wrong = (field: string) => (save.error instanceof Problem ? save.error.field(field) : undefined);
  const put = (day: string, type: number | null) =>
    setDays((before) => {
      const after = new Map(before);
      if (type === null) after.delete(day);
      else after.set(day, type);
      return after;
    });
  const copy = () =>
    setDays((before) => {
      const after = new Map(before);
      for (const [day, type] of ofYear) {
        const later = yearLater(day);
        if (later && !after.has(later)) after.set(later, type);
      }
      return after;
    });
  return (
    <Page title={calendar ? w.calendars.edit(calendar.name) : w.calendars.add}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack spacing={3} component="fieldset" disabled={!isAdministrator} sx={{ border: 0, p: 0, m: 0, minWidth: 0 }}>
          <TextField
            label={w.calendars.name}
            value={name}
            onChange={(event) => setName(event.target.value)}
            error={wrong("name") !== undefined}
            helperText={wrong("name")}
            sx={{ maxWidth: 400 }}
            autoFocus={calendar === null}
            required
          />
          {dayTypes.length === 0 && <Alert severity="info">{w.calendars.noTypes}</Alert>}
          <Section
            title={w.calendars.days}
            action={
              <Stack direction="row" spacing={1} sx={{ alignItems: "center" }}>
                <IconButton onClick={() => setYear(year - 1)} aria-label={w.calendars.yearOf(year - 1)}>
                  <BackIcon />
                </IconButton>
                <Typography sx={{ fontWeight: 650 }} aria-live="polite">
                  {year}
                </Typography>
                <IconButton onClick={() => setYear(year + 1)} aria-label={w.calendars.yearOf(year + 1)}>
                  <NextIcon />
                </IconButton>
              </Stack>
            }
          >
            <Stack spacing={2}>
              {isAdministrator && dayTypes.length > 0 && (
                <ToggleButtonGroup
                  exclusive
                  size="small"
                  value={brush ?? "none"}
                  onChange={(_, value: number | "none" | null) =>
                    value !== null && setBrush(value === "none" ? null : value)
                  }
                  aria-label={w.calendars.brush}
                  sx={{ flexWrap: "wrap" }}
                >
                  {dayTypes.map((type) => (
                    <ToggleButton key={type.number} value={type.number}>
                      {MARKS[type.number]} · {type.name}
                    </ToggleButton>
                  ))}
                  <ToggleButton value="none">{w.calendars.common}</ToggleButton>
                </ToggleButtonGroup>
              )}
              <YearGrid
                year={year}
                types={days}
                brush={brush}
                typeName={typeName}
                onChange={change}
                isReadOnly={!isAdministrator || dayTypes.length === 0}
              />
              <Typography variant="caption" sx={{ color: "text.secondary" }}>
                {w.calendars.gridHelp}
              </Typography>
            </Stack>
          </Section>
          <Section
            title={w.calendars.listOf(year)}
            action={
              isAdministrator && (
                <Button size="small" onClick={copy} disabled={ofYear.length === 0}>
                  {w.calendars.copy(year, year + 1)}
                </Button>
              )
            }
          >
            <Stack spacing={1}>
              {ofYear.length === 0 && <Typography sx={{ color: "text.secondary" }}>{w.calendars.noDays}</Typography>}
              <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1 }}>
                {ofYear.map(([day, type]) => (
                  <Chip
                    key={day}
                    label={`${dayText(day)} · ${typeName(type)}`}
                    variant="outlined"
                    onDelete={isAdministrator ? () => put(day, null) : undefined}
                  />
                ))}
              </Box>
              {isAdministrator && dayTypes.length > 0 && (
                <Stack direction="row" spacing={2} sx={{ pt: 1 }}>
                  <TextField
                    label={w.calendars.date}
                    type="date"
                    value={added}
                    onChange={(event) => setAdded(event.target.value)}
                    slotProps={{ inputLabel: { shrink: true }, htmlInput: { min: "1970-01-01", max: "9999-12-31" } }}
                    sx={{ maxWidth: 200 }}
                  />
                  <TextField
                    select
                    label={w.calendars.type}
                    value={brush ?? dayTypes[0]?.number ?? ""}
                    onChange={(event) => setBrush(Number(event.target.value))}
                    sx={{ maxWidth: 240 }}
                  >
                    {dayTypes.map((type) => (
                      <MenuItem key={type.number} value={type.number}>
                        {type.name}
                      </MenuItem>
                    ))}
                  </TextField>
                  <Button
                    variant="outlined"
                    disabled={added === ""}
                    onClick={() => {
                      put(added, brush ?? dayTypes[0]?.number ?? 0);
                      setYear(Number(added.slice(0, 4)));
                      setAdded("");
                    }}
                  >
                    {w.calendars.addDay}
                  </Button>
                </Stack>
              )}
            </Stack>
          </Section>
          <Trouble error={save.error} />
          {isAdministrator && (
            <Stack direction="row" spacing={1} sx={{ justifyContent: "flex-end", alignItems: "center" }}>
              {calendar && (
                <RemoveButton
                  label={w.calendars.deleteTitle(calendar.name)}
                  effect={w.calendars.deleteEffect}
                  act={() => remove(calendar)}
                  onDone={leave}
                />
              )}
              <ButtonTo to="/calendars">{w.act.cancel}</ButtonTo>
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
