// A line of text to be copied as a whole, such as a command.

import CheckIcon from "@mui/icons-material/Check";
import CopyIcon from "@mui/icons-material/ContentCopyOutlined";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useRef, useState } from "react";
import { w } from "../words";

export function Copyable({ label, text }: { label: string; text: string }) {
  const [isCopied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const copy = async () => {
    field.current?.select();
    await navigator.clipboard?.writeText(text);
    setCopied(true);
  };
  return (
    <Stack direction="row" spacing={1} sx={{ alignItems: "flex-start" }}>
      <TextField
        label={label}
        value={text}
        multiline
        inputRef={field}
        onFocus={(event) => event.target.select()}
        slotProps={{
          input: { readOnly: true, sx: { fontFamily: "monospace", fontSize: "0.8125rem", wordBreak: "break-all" } },
        }}
      />
      <Button onClick={copy} startIcon={isCopied ? <CheckIcon /> : <CopyIcon />} sx={{ flexShrink: 0 }}>
        {isCopied ? w.act.copied : w.act.copy}
      </Button>
    </Stack>
  );
}
