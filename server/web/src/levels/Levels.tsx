// Access levels, and what each opens.

import Stack from "@mui/material/Stack";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { queries } from "../api/queries";
import type { AccessLevel } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { ButtonTo, LinkTo } from "../parts/LinkTo";
import { Page } from "../parts/Page";
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
  const isAdministrator = useIsAdministrator();
  const navigate = useNavigate();
  const levels = useQuery(queries.levels);
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
      <DataTable
        label={w.levels.title}
        columns={columns}
        rows={levels.data}
        keyOf={(level) => level.id}
        empty={w.levels.empty}
        error={levels.error}
        onRetry={() => levels.refetch()}
        onOpen={(level) => void navigate({ to: "/levels/$id", params: { id: level.id } })}
      />
      <UnusedGrants />
    </Page>
  );
}
