// Fields that the forms of rules share.

import TextField from "@mui/material/TextField";
import { w } from "../words";

/** A whole number, or nothing. */
export function numberOf(typed: string): number | null {
  return typed.trim() === "" ? null : Number(typed);
}

type Props = { value: string; set: (reason: string) => void; wrong?: string; isNeeded?: boolean };

/** Why a rule is changed. */
export function ReasonField({ value, set, wrong, isNeeded = false }: Props) {
  return (
    <TextField
      label={isNeeded ? w.rulesPage.reason : w.rulesPage.reasonMaybe}
      value={value}
      onChange={(event) => set(event.target.value)}
      error={wrong !== undefined}
      helperText={wrong ?? (isNeeded ? w.reason.help : w.rulesPage.reasonHelp)}
      slotProps={{ htmlInput: { maxLength: 500 } }}
      required={isNeeded}
    />
  );
}
