// An access level line by line: places, direction, hours, and what is demanded at least.

import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, bodyOf, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { AccessLevel, LevelLine } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { ButtonTo } from "../parts/LinkTo";
import { Page, Section, Waiting } from "../parts/Page";
import { RemoveButton } from "../parts/RemoveButton";
import { Trouble } from "../parts/Trouble";
import { previewed } from "../preview/previewed";
import { scheduleSentence } from "../schedules/hours";
import { text, type WordOf, w, wordsOf } from "../words";
import { PlacesTree } from "./PlacesTree";
import { doorsOf, placesSentence, usePlan } from "./places";

type Line = LevelLine & { key: number };

const ALWAYS = "always";
const AS_DOOR = "as_door";
const emptyLine: LevelLine = { places: [], side: "both", schedule_id: null, factors: null };

export function LevelPage() {
  const { id } = useParams({ from: "/signed-in/levels/$id" });
  const level = useQuery({
    queryKey: ["levels", id],
    queryFn: () => bodyOf(api.GET("/api/v1/access-levels/{id}", { params: { path: { id } } })),
    enabled: id !== "new",
  });
  const places = [useQuery(queries.sites), useQuery(queries.areas), useQuery(queries.doors)];
  if (places.every((query) => query.data) && (id === "new" || level.data)) {
    return <Editor key={level.data?.version ?? "new"} level={level.data ?? null} />;
  }
  const error = [level, ...places].find((query) => query.error)?.error;
  return (
    <Page title={w.levels.title}>
      {error ? <Trouble error={error} onRetry={() => level.refetch()} /> : <Waiting lines={10} />}
    </Page>
  );
}

function Editor({ level }: { level: AccessLevel | null }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const isAdministrator = useIsAdministrator();
  const plan = usePlan();
  const [name, setName] = useState(level?.name ?? "");
  const [lines, setLines] = useState<Line[]>(() =>
    (level?.lines ?? [emptyLine]).map((line, key) => ({ ...line, key })),
  );
  const set = (key: number, change: Partial<LevelLine>) =>
    setLines((before) => before.map((line) => (line.key === key ? { ...line, ...change } : line)));
  const body = {
    name: name.trim(),
    lines: lines.map(({ places, side, schedule_id, factors }) => ({
      places,
      side,
      schedule_id: schedule_id ?? null,
      factors: factors ?? null,
    })),
  };
  const leave = async () => {
    await client.invalidateQueries({ queryKey: ["levels"] });
    await navigate({ to: "/levels" });
  };
  const save = useMutation({
    mutationFn: async () => {
      if (level === null) {
        await previewed([{ kind: "level_create", body }]);
        await api.POST("/api/v1/access-levels", { body });
      } else {
        await previewed([{ kind: "level_replace", id: level.id, version: level.version, body }]);
        const params = { path: { id: level.id }, header: ifMatch(level.version) };
        await api.PUT("/api/v1/access-levels/{id}", { params, body });
      }
    },
    onSuccess: leave,
  });
  const remove = async (gone: AccessLevel) => {
    await previewed([{ kind: "level_delete", id: gone.id, version: gone.version }]);
    const params = { path: { id: gone.id }, header: ifMatch(gone.version) };
    await api.DELETE("/api/v1/access-levels/{id}", { params });
  };
  const doors = doorsOf(
    lines.flatMap((line) => line.places),
    plan,
  ).length;
  const wrong = (field: string) => (save.error instanceof Problem ? save.error.field(field) : undefined);
  const hasEmptyLine = lines.some((line) => line.places.length === 0);
  return (
    <Page title={level ? w.levels.edit(level.name) : w.levels.add}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack spacing={3} component="fieldset" disabled={!isAdministrator} sx={{ border: 0, p: 0, m: 0, minWidth: 0 }}>
          <TextField
            label={w.levels.name}
            value={name}
            onChange={(event) => setName(event.target.value)}
            error={wrong("name") !== undefined}
            helperText={wrong("name")}
            sx={{ maxWidth: 400 }}
            autoFocus={level === null}
            required
          />
          {lines.map((line, place) => (
            <LineEditor
              key={line.key}
              number={place + 1}
              line={line}
              onChange={(change) => set(line.key, change)}
              onRemove={
                lines.length > 1 && isAdministrator
                  ? () => setLines((held) => held.filter((other) => other.key !== line.key))
                  : undefined
              }
            />
          ))}
          {isAdministrator && (
            <Button
              variant="outlined"
              onClick={() =>
                setLines((held) => [...held, { ...emptyLine, key: Math.max(-1, ...held.map((line) => line.key)) + 1 }])
              }
              sx={{ alignSelf: "flex-start" }}
            >
              {w.levels.addLine}
            </Button>
          )}
          <Typography role="status">{w.levels.opensDoors(doors, plan.doors.length)}</Typography>
          <Trouble error={save.error} />
          {isAdministrator && (
            <Stack direction="row" spacing={1} sx={{ justifyContent: "flex-end", alignItems: "center" }}>
              {level && (
                <RemoveButton
                  label={w.levels.deleteTitle(level.name)}
                  effect={w.levels.deleteEffect(doors)}
                  act={() => remove(level)}
                  onDone={leave}
                />
              )}
              <ButtonTo to="/levels">{w.act.cancel}</ButtonTo>
              <Button type="submit" variant="contained" disabled={hasEmptyLine} loading={save.isPending}>
                {w.act.save}
              </Button>
            </Stack>
          )}
        </Stack>
      </form>
    </Page>
  );
}

type LineProps = { number: number; line: Line; onChange: (change: Partial<LevelLine>) => void; onRemove?: () => void };

function LineEditor({ number, line, onChange, onRemove }: LineProps) {
  const plan = usePlan();
  const isAdministrator = useIsAdministrator();
  const { data: schedules = [] } = useQuery(queries.schedules);
  const { data: types = [] } = useQuery(queries.dayTypes);
  const [isChoosing, setChoosing] = useState(line.places.length === 0);
  const schedule = schedules.find((candidate) => candidate.id === line.schedule_id);
  const held = doorsOf(line.places, plan).length;
  return (
    <Section
      title={w.levels.line(number)}
      action={
        onRemove && (
          <Button color="error" size="small" onClick={onRemove} aria-label={w.levels.removeLine(number)}>
            {w.act.remove}
          </Button>
        )
      }
    >
      <Stack spacing={2}>
        <Stack direction="row" spacing={2} sx={{ alignItems: "center", flexWrap: "wrap" }}>
          <Typography variant="body2" sx={{ fontWeight: 600 }}>
            {line.places.length === 0 ? w.levels.noPlaces : placesSentence(line.places, plan)}
          </Typography>
          <Typography variant="body2" sx={{ color: "text.secondary" }}>
            {w.levels.doorCount(held)}
          </Typography>
          {isAdministrator && (
            <Button size="small" onClick={() => setChoosing(!isChoosing)} aria-expanded={isChoosing}>
              {isChoosing ? w.levels.placesChosen : w.levels.choosePlaces(number)}
            </Button>
          )}
        </Stack>
        {isChoosing && (
          <PlacesTree
            label={w.levels.placesOf(number)}
            plan={plan}
            places={line.places}
            onChange={(places) => onChange({ places })}
          />
        )}
        <Stack direction={{ xs: "column", md: "row" }} spacing={2} sx={{ alignItems: "flex-start" }}>
          <TextField
            select
            label={w.levels.side}
            value={line.side}
            onChange={(event) => onChange({ side: event.target.value as WordOf<"Sides"> })}
          >
            {wordsOf("Sides").map((side) => (
              <MenuItem key={side} value={side}>
                {text("Sides", side)}
              </MenuItem>
            ))}
          </TextField>
          <TextField
            select
            label={w.levels.schedule}
            value={line.schedule_id ?? ALWAYS}
            onChange={(event) => onChange({ schedule_id: event.target.value === ALWAYS ? null : event.target.value })}
            helperText={schedule ? scheduleSentence(schedule, types) : undefined}
          >
            <MenuItem value={ALWAYS}>{w.levels.always}</MenuItem>
            {schedules.map((candidate) => (
              <MenuItem key={candidate.id} value={candidate.id}>
                {candidate.name}
              </MenuItem>
            ))}
          </TextField>
          <TextField
            select
            label={w.levels.factors}
            value={line.factors ?? AS_DOOR}
            onChange={(event) =>
              onChange({
                factors: event.target.value === AS_DOOR ? null : (event.target.value as WordOf<"FactorDemand">),
              })
            }
            helperText={w.levels.factorsHelp}
          >
            <MenuItem value={AS_DOOR}>{w.levels.factorsAsDoor}</MenuItem>
            {wordsOf("FactorDemand").map((factors) => (
              <MenuItem key={factors} value={factors}>
                {text("FactorDemand", factors)}
              </MenuItem>
            ))}
          </TextField>
        </Stack>
      </Stack>
    </Section>
  );
}
