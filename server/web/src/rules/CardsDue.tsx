// Cards that are due for other keys: whose they are, why, and what is to be done about each. Their holders' names are looks, so the
// list waits to be asked.

import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf, type Schema } from "../api/client";
import { useNames } from "../api/names";
import { queries } from "../api/queries";
import { type Column, DataTable } from "../parts/DataTable";
import { LinkTo } from "../parts/LinkTo";
import { More } from "../parts/More";
import { Section } from "../parts/Page";
import { fullName } from "../parts/Portrait";
import { named, text, type WordOf, w, wordsOf } from "../words";

const PIECE = 25;

export function CardsDue() {
  const [isShown, setShown] = useState(false);
  const { data: rules } = useQuery(queries.cardRules);
  if (!rules) return null;
  const count = rules.cards_due + rules.cards_to_exchange;
  return (
    <Section
      title={w.cardsDue.title}
      action={
        count > 0 &&
        !isShown && (
          <Button size="small" onClick={() => setShown(true)} aria-label={w.cardsDue.showTitle}>
            {w.passes.show}
          </Button>
        )
      }
    >
      <Typography variant="body2" sx={{ color: "text.secondary" }}>
        {count > 0 ? w.cardsDue.intro(count) : w.cardsDue.none}
      </Typography>
      {isShown && count > 0 && <List />}
    </Section>
  );
}

function Why({ card }: { card: Schema["CardDue"] }) {
  return (
    <Stack spacing={0.5} sx={{ alignItems: "start", py: 0.5 }}>
      <Chip
        label={text("CardDueReason", card.reason)}
        color={card.reason === "old_keys" ? "info" : "warning"}
        variant="outlined"
      />
      <Typography variant="body2">{named(w.cardsDue.todo, card.reason)}</Typography>
    </Stack>
  );
}

function List() {
  const [reason, setReason] = useState<WordOf<"CardDueReason"> | "">("");
  const found = useInfiniteQuery({
    queryKey: [...queries.cardRules.queryKey, "due", reason],
    queryFn: ({ pageParam }) =>
      bodyOf(
        api.GET("/api/v1/card-rules/due", {
          params: { query: { limit: PIECE, ...(reason && { reason }), ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (piece) => piece.next || undefined,
  });
  const rows = found.data?.pages.flatMap((piece) => piece.items);
  const nameOf = useNames([...new Set((rows ?? []).map((card) => card.person_id))]);
  const columns: Column<Schema["CardDue"]>[] = [
    {
      label: w.cardsDue.holder,
      width: "26%",
      cell: (card) => (
        <LinkTo underline="always" to="/people/$id" params={{ id: card.person_id }}>
          {fullName(nameOf(card.person_id)) ?? w.unnamed(card.person_id)}
        </LinkTo>
      ),
    },
    {
      label: w.cardsDue.card,
      width: "18%",
      cell: (card) => (
        <>
          {card.label}
          {card.state !== "active" && (
            <Typography variant="body2" sx={{ color: "text.secondary" }}>
              {text("CredentialState", card.state)}
            </Typography>
          )}
        </>
      ),
    },
    { label: w.cardsDue.why, cell: (card) => <Why card={card} /> },
  ];
  return (
    <Stack spacing={1} sx={{ mt: 2 }}>
      <TextField
        select
        label={w.cardsDue.reason}
        value={reason}
        onChange={(event) => setReason(event.target.value as typeof reason)}
        slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
        sx={{ maxWidth: 360 }}
      >
        <MenuItem value="">{w.cardsDue.anyReason}</MenuItem>
        {wordsOf("CardDueReason").map((word) => (
          <MenuItem key={word} value={word}>
            {text("CardDueReason", word)}
          </MenuItem>
        ))}
      </TextField>
      {found.data && (
        <Typography variant="body2" role="status">
          {w.cardsDue.count(found.data.pages[0]?.count ?? 0)}
        </Typography>
      )}
      <DataTable
        label={w.cardsDue.title}
        columns={columns}
        rows={rows}
        keyOf={(card) => card.credential_id}
        empty={reason ? w.cardsDue.noneForIt : w.cardsDue.none}
        error={found.error}
        onRetry={() => found.refetch()}
      />
      <More of={found} />
    </Stack>
  );
}
