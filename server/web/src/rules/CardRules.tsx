// What the organisation chose for cards that prove themselves and for templates, and the versions of the cards' keys.

import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import FormHelperText from "@mui/material/FormHelperText";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { CardRules } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { FormDialog } from "../parts/FormDialog";
import { Lines } from "../parts/Lines";
import { Section, Waiting } from "../parts/Page";
import { ReasonDialog } from "../parts/ReasonDialog";
import { Trouble } from "../parts/Trouble";
import { text, w, wordsOf } from "../words";
import { ReasonField } from "./fields";

function Form({ rules, onClose }: { rules: CardRules; onClose: () => void }) {
  const client = useQueryClient();
  const [templatesOn, setTemplatesOn] = useState(rules.templates_on);
  const [compares, setCompares] = useState(rules.compares_fingers);
  // Templates on cards are with their holders: there is nothing to compare with.
  const canCompare = templatesOn === "server";
  const [takesEv1, setTakesEv1] = useState(rules.takes_ev1);
  const [leaves, setLeaves] = useState(rules.leaves_factory_key);
  const [reason, setReason] = useState("");
  const save = async () => {
    const body = {
      templates_on: templatesOn,
      compares_fingers: canCompare && compares,
      takes_ev1: takesEv1,
      leaves_factory_key: leaves,
      reason: reason.trim(),
    };
    await api.PUT("/api/v1/card-rules", { params: { header: ifMatch(rules.version) }, body });
    await client.invalidateQueries({ queryKey: queries.cardRules.queryKey });
  };
  return (
    <FormDialog title={w.cardRules.edit} submit={w.act.save} act={save} onClose={onClose}>
      {(error) => (
        <>
          <TextField
            select
            label={w.cardRules.templates}
            helperText={w.cardRules.templatesHelp}
            value={templatesOn}
            onChange={(event) => setTemplatesOn(event.target.value as typeof templatesOn)}
          >
            {wordsOf("TemplatesOn").map((word) => (
              <MenuItem key={word} value={word}>
                {text("TemplatesOn", word)}
              </MenuItem>
            ))}
          </TextField>
          <Box>
            <FormControlLabel
              sx={{ ml: 0 }}
              control={
                <Checkbox
                  size="small"
                  checked={canCompare && compares}
                  disabled={!canCompare}
                  onChange={(_, isOn) => setCompares(isOn)}
                  slotProps={{ input: { "aria-describedby": "compare-help" } }}
                />
              }
              label={w.cardRules.compareLabel}
            />
            <FormHelperText id="compare-help" sx={{ mx: 1.75 }}>
              {canCompare ? w.cardRules.compareHelp : w.cardRules.compareOnServer}
            </FormHelperText>
          </Box>
          <FormControlLabel
            control={<Checkbox size="small" checked={takesEv1} onChange={(_, isOn) => setTakesEv1(isOn)} />}
            label={w.cardRules.ev1Help}
          />
          <FormControlLabel
            control={<Checkbox size="small" checked={leaves} onChange={(_, isOn) => setLeaves(isOn)} />}
            label={w.cardRules.factoryHelp}
          />
          {(takesEv1 || leaves) && <Alert severity="warning">{w.cardRules.loosening}</Alert>}
          <ReasonField
            value={reason}
            set={setReason}
            wrong={error instanceof Problem ? error.field("reason") : undefined}
            isNeeded
          />
        </>
      )}
    </FormDialog>
  );
}

export function CardRulesSection() {
  const isAdministrator = useIsAdministrator();
  const client = useQueryClient();
  const query = useQuery(queries.cardRules);
  const [open, setOpen] = useState<"edit" | "rotate" | null>(null);
  const rules = query.data;
  return (
    <Section
      title={w.cardRules.title}
      action={
        isAdministrator &&
        rules && (
          <Stack direction="row" spacing={1}>
            <Button size="small" onClick={() => setOpen("rotate")}>
              {w.cardRules.rotate}
            </Button>
            <Button size="small" onClick={() => setOpen("edit")} aria-label={w.cardRules.edit}>
              {w.act.edit}
            </Button>
          </Stack>
        )
      }
    >
      <Trouble error={query.error} onRetry={() => query.refetch()} />
      {rules ? (
        <Lines
          lines={[
            [w.cardRules.templates, text("TemplatesOn", rules.templates_on)],
            [w.cardRules.compare, rules.compares_fingers ? w.cardRules.compared : w.cardRules.notCompared],
            ...(rules.compares_fingers && rules.people_not_compared > 0
              ? ([[w.cardRules.leftOut, w.cardRules.leftOutSentence(rules.people_not_compared)]] as [string, string][])
              : []),
            [w.cardRules.keys, w.cardRules.keysSentence(rules.key_version, rules.cards, rules.cards_due)],
            ...(rules.cards_to_exchange > 0
              ? ([[w.cardRules.exchange, w.cardRules.exchangeSentence(rules.cards_to_exchange)]] as [string, string][])
              : []),
            [w.cardRules.ev1, rules.takes_ev1 ? w.cardRules.ev1Taken : w.cardRules.ev1Refused],
            [w.cardRules.factory, rules.leaves_factory_key ? w.cardRules.factoryLeft : w.cardRules.factoryChanged],
          ]}
        />
      ) : (
        <Waiting lines={5} />
      )}
      {open === "edit" && rules && <Form key={rules.version} rules={rules} onClose={() => setOpen(null)} />}
      {open === "rotate" && rules && (
        <ReasonDialog
          title={w.cardRules.rotate}
          effect={w.cardRules.rotateEffect(rules.key_version + 1, rules.cards)}
          submit={w.cardRules.rotate}
          danger={false}
          act={async (reason) => {
            await api.POST("/api/v1/card-rules/rotate", { body: { reason } });
            await client.invalidateQueries({ queryKey: queries.cardRules.queryKey });
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </Section>
  );
}
