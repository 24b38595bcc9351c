// Hours of one row as text: the equal of painting for whom painting is not.

import TextField from "@mui/material/TextField";
import { useState } from "react";
import { w } from "../words";
import { type Span, spansOf, spansText } from "./hours";

type Props = { label: string; spans: readonly Span[]; onChange: (spans: Span[]) => void; help?: string };

export function SpansField({ label, spans, onChange, help }: Props) {
  // While it is written it is what was typed, understood or not.
  const [written, setWritten] = useState<string | null>(null);
  const isWrong = written !== null && spansOf(written) === null;
  return (
    <TextField
      label={label}
      value={written ?? spansText(spans)}
      placeholder={w.schedules.closed}
      onChange={(event) => {
        setWritten(event.target.value);
        const understood = spansOf(event.target.value);
        if (understood) onChange(understood);
      }}
      onBlur={() => {
        if (!isWrong) setWritten(null);
      }}
      error={isWrong}
      helperText={isWrong ? w.schedules.wrongHours : help}
      slotProps={{ inputLabel: { shrink: true } }}
    />
  );
}
