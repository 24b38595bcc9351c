// A finger over a sensor: down while it is to be placed, up while it is to be lifted. The words beside it say the same.

import Box from "@mui/material/Box";

const ridges = [
  "M20 46c0-10 5-17 14-17s14 7 14 17",
  "M24 48c0-9 4-14 10-14s10 5 10 14",
  "M28 50c0-7 2-11 6-11s6 4 6 11",
  "M34 46v6",
];

/** So many captures make a template. */
export const CAPTURES = 3;

export function FingerDrawing({ step, captures }: { step: string; captures: number }) {
  const isUp = step === "lift_finger" || step === "captured";
  return (
    <Box component="svg" viewBox="0 0 68 96" sx={{ width: 80, height: 112, color: "primary.main" }} aria-hidden>
      <rect
        x="10"
        y="70"
        width="48"
        height="12"
        rx="6"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.5"
        opacity="0.6"
      />
      {[...Array(CAPTURES).keys()].map((capture) => (
        <circle
          key={capture}
          cx={24 + capture * 10}
          cy="90"
          r="3"
          fill={capture < captures ? "currentColor" : "none"}
          stroke="currentColor"
        />
      ))}
      <Box
        component="g"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.5"
        strokeLinecap="round"
        sx={{ transform: isUp ? "translateY(-10px)" : "translateY(8px)", transition: "transform 200ms ease-out" }}
      >
        <path d="M14 8v40c0 12 9 18 20 18s20-6 20-18V8" />
        {ridges.map((ridge) => (
          <path key={ridge} d={ridge} />
        ))}
      </Box>
    </Box>
  );
}
