// Access levels, found by name, and what each opens.

import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { queries } from "../api/queries";
import type { AccessLevel } from "../api/types";
import { fits } from "../frame/found";
import { useIsAdministrator } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { ButtonTo, LinkTo } from "../parts/LinkTo";
import { Page } from "../parts/Page";
import { useFirst } from "../parts/useFirst";
import { UnusedGrants } from "../rules/UnusedGrants";
import { w } from "../words";
import { Opens } from "./Opens";
import { RulesTabs } from "./RulesTabs";

const columns: Column<AccessLevel>[] = [
  {
    label: w.levels.name,
    width: "24%",
    cell: (level) => (
      <LinkTo to="/levels/$id" params={{ id: level.id }} sx={{ fontWeight: 600 }} color="textPrimary">
        {level.name}
      </LinkTo>
    ),
  },
  { label: w.levels.opens, cell: (level) => <Opens level={level} /> },
];

export function Levels() {
  const { q = "" } = useSearch({ from: "/signed-in/levels" });
  const isAdministrator = useIsAdministrator();
  const navigate = useNavigate();
  const levels = useQuery(queries.levels);
  const wanted = useDeferredValue(q);
  const { first, more } = useFirst(
    levels.data?.filter((level) => fits(level.name, wanted)),
    wanted,
  );
  return (
    <Page
      title={w.levels.title}
      intro={w.levels.intro}
      action={
        <Stack direction="row" spacing={1}>
          <ButtonTo to="/history">{w.history.link}</ButtonTo>
          {isAdministrator && (
            <ButtonTo variant="contained" to="/levels/$id" params={{ id: "new" }}>
              {w.levels.add}
            </ButtonTo>
          )}
        </Stack>
      }
    >
      <RulesTabs at="/levels" />
      <TextField
        label={w.levels.search}
        type="search"
        value={q}
        onChange={({ target }) =>
          void navigate({ to: "/levels", search: target.value ? { q: target.value } : {}, replace: true })
        }
        sx={{ maxWidth: 400 }}
      />
      <DataTable
        label={w.levels.title}
        columns={columns}
        rows={first}
        keyOf={(level) => level.id}
        empty={levels.data?.length ? w.levels.emptySearch : w.levels.empty}
        error={levels.error}
        onRetry={() => levels.refetch()}
        onOpen={(level) => void navigate({ to: "/levels/$id", params: { id: level.id } })}
      />
      {more && (
        <Button onClick={more} sx={{ alignSelf: "center" }}>
          {w.act.more}
        </Button>
      )}
      <UnusedGrants />
    </Page>
  );
}
