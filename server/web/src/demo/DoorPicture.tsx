// A door as one sees it: frame, leaf, strike and lamp. What it shows is said in words beside it.

import Box from "@mui/material/Box";
import type { WorldDoor } from "./world";

export const lampColours: Record<string, string> = {
  off: "var(--mui-palette-action-disabled)",
  waiting: "#3d7bff",
  blue: "#3d7bff",
  green: "#23a559",
  red: "#e5372c",
  amber: "#f2a33a",
};

export function DoorPicture({ door }: { door: WorldDoor }) {
  const lamp = lampColours[door.light] ?? lampColours.off;
  const isLit = door.light !== "off";
  return (
    <Box
      component="svg"
      viewBox="0 0 150 210"
      aria-hidden
      sx={{ width: "100%", maxWidth: { xs: 96, lg: 120 }, height: "auto", display: "block", flexShrink: 0 }}
    >
      <rect x="0" y="0" width="150" height="210" rx="10" fill="var(--mui-palette-background-default)" />
      <rect x="0" y="198" width="150" height="12" fill="var(--mui-palette-divider)" />
      {/* The room behind. */}
      <rect x="26" y="30" width="92" height="168" fill="var(--mui-palette-action-selected)" />
      <path d="M26 198 L60 160 H118 V198 Z" fill="var(--mui-palette-divider)" opacity="0.7" />
      <rect
        x="22"
        y="26"
        width="100"
        height="174"
        fill="none"
        stroke="var(--mui-palette-text-secondary)"
        strokeWidth="5"
      />
      <Box
        component="g"
        sx={{
          transformOrigin: "26px 114px",
          transform: door.is_open ? "perspective(420px) rotateY(-68deg)" : "perspective(420px) rotateY(0deg)",
          transition: "transform 320ms cubic-bezier(.2,.7,.2,1)",
        }}
      >
        <rect x="26" y="30" width="92" height="168" rx="1" fill="#6d7f9b" />
        <rect x="38" y="44" width="68" height="62" rx="3" fill="#a9bcd6" />
        <path d="M42 98 L70 48 H84 L54 102 Z" fill="#fff" opacity="0.25" />
        <rect x="38" y="118" width="68" height="66" rx="3" fill="#60718c" />
        <rect x="100" y="108" width="12" height="5" rx="2.5" fill="#e8edf5" />
      </Box>
      {/* The strike: lit while it lets go. */}
      <rect
        x="119"
        y="102"
        width="6"
        height="18"
        rx="2"
        fill={door.is_energised ? "#23a559" : "var(--mui-palette-text-secondary)"}
        style={door.is_energised ? { filter: "drop-shadow(0 0 4px #23a559)" } : undefined}
      />
      <circle
        cx="72"
        cy="13"
        r="8"
        fill={lamp}
        style={isLit ? { filter: `drop-shadow(0 0 6px ${lamp})` } : undefined}
      />
      {door.was_forced && (
        <path d="M110 92 l8 8 -4 6 8 8" fill="none" stroke="#e5372c" strokeWidth="3" strokeLinecap="round" />
      )}
    </Box>
  );
}
