// Names of the tenant's day types, at most eight.

import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { queries } from "../api/queries";
import { useIsAdministrator } from "../frame/session";
import { Section } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { w } from "../words";
import { MARKS } from "./YearGrid";

export function DayTypes() {
  const isAdministrator = useIsAdministrator();
  const types = useQuery(queries.dayTypes);
  const named = types.data ?? [];
  const free = MARKS.findIndex((_, number) => !named.some((type) => type.number === number));
  return (
    <Section title={w.calendars.types}>
      <Stack spacing={2}>
        <Typography variant="body2" sx={{ color: "text.secondary" }}>
          {w.calendars.typesHelp}
        </Typography>
        <Trouble error={types.error} onRetry={() => types.refetch()} />
        {!isAdministrator && named.length === 0 && <Typography>{w.none}</Typography>}
        {named.map((type) =>
          isAdministrator ? (
            <TypeRow key={`${type.number} ${type.name}`} number={type.number} name={type.name} />
          ) : (
            <Typography key={type.number}>
              {MARKS[type.number]} · {type.name}
            </Typography>
          ),
        )}
        {isAdministrator && types.data && free >= 0 && <TypeRow key={`free ${free}`} number={free} name={null} />}
      </Stack>
    </Section>
  );
}

/** A day type with its name, or the first number that has none. */
function TypeRow({ number, name }: { number: number; name: string | null }) {
  const client = useQueryClient();
  const [written, setWritten] = useState(name ?? "");
  const params = { path: { number } };
  const change = useMutation({
    mutationFn: async (to: string | null) => {
      if (to === null) await api.DELETE("/api/v1/day-types/{number}", { params });
      else await api.PUT("/api/v1/day-types/{number}", { params, body: { name: to } });
      await client.invalidateQueries({ queryKey: ["day-types"] });
    },
  });
  const isNew = name === null;
  return (
    <Stack spacing={1}>
      <Stack
        component="form"
        direction="row"
        spacing={1}
        sx={{ alignItems: "center", maxWidth: 560 }}
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate(written.trim());
        }}
      >
        <TextField
          label={isNew ? w.calendars.newType : w.calendars.typeName(MARKS[number] ?? "")}
          value={written}
          onChange={(event) => setWritten(event.target.value)}
          slotProps={{ htmlInput: { maxLength: 100 } }}
        />
        <Button
          type="submit"
          disabled={written.trim() === "" || written.trim() === name}
          loading={change.isPending}
          aria-label={isNew ? w.calendars.newType : w.calendars.renameType(name)}
        >
          {isNew ? w.calendars.addType : w.act.save}
        </Button>
        {!isNew && (
          <Button
            color="error"
            onClick={() => change.mutate(null)}
            loading={change.isPending}
            aria-label={w.calendars.removeType(name)}
          >
            {w.act.remove}
          </Button>
        )}
      </Stack>
      <Trouble error={change.error} />
    </Stack>
  );
}
