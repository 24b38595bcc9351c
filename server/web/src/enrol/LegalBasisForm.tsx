// The legal basis: consent to a text of a version, or the alternative. Without one no finger is captured.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import FormControlLabel from "@mui/material/FormControlLabel";
import Radio from "@mui/material/Radio";
import RadioGroup from "@mui/material/RadioGroup";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import ToggleButton from "@mui/material/ToggleButton";
import ToggleButtonGroup from "@mui/material/ToggleButtonGroup";
import Typography from "@mui/material/Typography";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { Trouble } from "../parts/Trouble";
import { previewed } from "../preview/previewed";
import { type WordOf, w } from "../words";
import { useConsentTexts } from "./consent";
import { useOpen } from "./leaving";

type Props = { personId: string; onRecorded: () => Promise<unknown> };

/** A language as those who speak it call it. */
function languageName(code: string): string {
  return new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
}

export function LegalBasisForm({ personId, onRecorded }: Props) {
  const texts = useConsentTexts();
  const [kind, setKind] = useState<WordOf<"LegalBasisKind"> | null>(null);
  const [language, setLanguage] = useState("en");
  const [note, setNote] = useState("");
  const { offered } = texts;
  const shown = offered.find((candidate) => candidate.language === language) ?? offered[0];
  const record = useMutation({
    mutationFn: async (chosen: WordOf<"LegalBasisKind">) => {
      const body = {
        kind: chosen,
        given_at: new Date().toISOString(),
        ...(chosen === "consent" && shown && { consent_text_version: shown.version }),
        ...(note.trim() && { note: note.trim() }),
      };
      await previewed([{ kind: "legal_basis_record", id: personId, body }]);
      return api.PUT("/api/v1/people/{id}/legal-basis", { params: { path: { id: personId } }, body });
    },
    onSuccess: onRecorded,
  });
  const withNote = note.trim() !== "";
  useOpen(
    "legal basis",
    kind !== null && shown
      ? {
          kind: "save",
          act: () => record.mutateAsync(kind),
          text: w.wizard.leaveBasis,
          without: w.wizard.leaveBasisWithout,
        }
      : withNote
        ? { kind: "ask", text: w.wizard.leaveNote, without: w.wizard.leaveBasisWithout }
        : null,
  );
  return (
    <Stack spacing={2}>
      <Trouble error={texts.error} onRetry={texts.refetch} />
      <RadioGroup value={kind} onChange={(_, chosen) => setKind(chosen as typeof kind)} aria-label={w.wizard.basis}>
        <FormControlLabel value="consent" control={<Radio size="small" />} label={w.wizard.basisConsent} />
        <Box
          sx={{
            ml: 4,
            mb: 1,
            p: 2,
            border: 1,
            // Whoever is to consent reads it first: it is never dimmed.
            borderColor: kind === "consent" ? "primary.main" : "divider",
            borderRadius: 2,
          }}
        >
          <ToggleButtonGroup
            size="small"
            exclusive
            value={shown?.language ?? null}
            onChange={(_, chosen) => chosen && setLanguage(chosen)}
            aria-label={w.wizard.basisLanguage}
            sx={{ mb: 1 }}
          >
            {offered.map((candidate) => (
              <ToggleButton
                key={candidate.language}
                value={candidate.language}
                lang={candidate.language}
                sx={{ py: 0.25, textTransform: "none" }}
              >
                {languageName(candidate.language)}
              </ToggleButton>
            ))}
          </ToggleButtonGroup>
          <Typography lang={shown?.language} sx={{ maxWidth: 640 }}>
            {shown?.text}
          </Typography>
          <Typography variant="caption" sx={{ color: "text.secondary" }}>
            {shown && w.person.basisVersion(shown.version)}
          </Typography>
        </Box>
        <FormControlLabel value="alternative" control={<Radio size="small" />} label={w.wizard.basisAlternative} />
        <Typography variant="body2" sx={{ ml: 4, color: "text.secondary" }}>
          {w.wizard.basisAlternativeHelp}
        </Typography>
      </RadioGroup>
      <TextField
        label={w.wizard.basisNote}
        helperText={w.wizard.basisNoteHelp}
        value={note}
        onChange={(event) => setNote(event.target.value)}
        sx={{ maxWidth: 520 }}
      />
      <Trouble error={record.error} />
      <Button
        variant="contained"
        onClick={() => kind !== null && record.mutate(kind)}
        loading={record.isPending}
        disabled={!shown || kind === null}
        sx={{ alignSelf: "flex-start" }}
      >
        {w.wizard.basisRecord}
      </Button>
    </Stack>
  );
}
