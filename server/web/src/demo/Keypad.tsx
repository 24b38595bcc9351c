// The keypad of a place: each key goes to the twin as it is pressed, and nothing of it stays on the page.

import Box from "@mui/material/Box";
import ButtonBase from "@mui/material/ButtonBase";
import { w } from "../words";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

const nameOf = (key: string) => ({ "*": w.demo.keyClear, "#": w.demo.keyEnter })[key] ?? key;

type Props = { name: string; isPlugged: boolean; press: (keys: string) => void };

export function Keypad({ name, isPlugged, press }: Props) {
  return (
    <Box
      component="section"
      aria-label={w.demo.keypadOf(name)}
      sx={{
        flexBasis: "100%",
        display: "grid",
        gridTemplateColumns: "repeat(3, minmax(0, 1fr))",
        gap: 0.5,
        opacity: isPlugged ? 1 : 0.4,
      }}
    >
      {KEYS.map((key) => (
        <ButtonBase
          key={key}
          disabled={!isPlugged}
          aria-label={w.demo.key(nameOf(key), name)}
          onClick={() => press(key)}
          sx={{
            minHeight: 28,
            borderRadius: 1,
            border: 1,
            borderColor: "divider",
            fontSize: "0.8125rem",
            fontWeight: 600,
            "&:hover, &:focus-visible": { borderColor: "primary.main", bgcolor: "action.hover" },
          }}
        >
          {nameOf(key)}
        </ButtonBase>
      ))}
    </Box>
  );
}
