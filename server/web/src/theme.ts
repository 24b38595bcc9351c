// The look: one accent, neutral greys, status colours with at least 4.5 : 1 against paper in both themes, an 8-pixel
// rhythm, 14 pixels in tables, tabular figures wherever numbers stand below each other.

import { createTheme } from "@mui/material/styles";

const focusRing = {
  "&.Mui-focusVisible, &:focus-visible": {
    outline: "2px solid var(--mui-palette-primary-main)",
    outlineOffset: 2,
  },
} as const;

/** Grid of a page, in pixels. */
export const RAIL_WIDTH_PX = 208;

export const theme = createTheme({
  cssVariables: true,
  spacing: 8,
  shape: { borderRadius: 8 },
  colorSchemes: {
    light: {
      palette: {
        primary: { main: "#2b55c8", dark: "#1f419f", contrastText: "#ffffff" },
        secondary: { main: "#4a5160", contrastText: "#ffffff" },
        success: { main: "#1a6b3c", contrastText: "#ffffff" },
        error: { main: "#b3261e", contrastText: "#ffffff" },
        warning: { main: "#8a4b00", contrastText: "#ffffff" },
        info: { main: "#2b55c8", contrastText: "#ffffff" },
        background: { default: "#f4f5f7", paper: "#ffffff" },
        text: { primary: "#16181d", secondary: "#525966" },
        divider: "#dfe2e8",
      },
    },
    dark: {
      palette: {
        primary: { main: "#9db4ff", dark: "#7f9af5", contrastText: "#0c1330" },
        secondary: { main: "#b3bac8", contrastText: "#14161b" },
        success: { main: "#7ccf9b", contrastText: "#062312" },
        error: { main: "#ff9c92", contrastText: "#3b0703" },
        warning: { main: "#f2bb6b", contrastText: "#2e1900" },
        info: { main: "#9db4ff", contrastText: "#0c1330" },
        background: { default: "#121419", paper: "#1a1d24" },
        text: { primary: "#eceef3", secondary: "#aab1bf" },
        divider: "#2e323c",
      },
    },
  },
  typography: {
    fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", sans-serif',
    fontSize: 14,
    h1: { fontSize: "1.5rem", fontWeight: 650, letterSpacing: "-0.015em", lineHeight: 1.3 },
    h2: { fontSize: "1.0625rem", fontWeight: 650, letterSpacing: "-0.01em", lineHeight: 1.4 },
    h3: { fontSize: "0.9375rem", fontWeight: 650, lineHeight: 1.4 },
    body1: { fontSize: "0.9375rem" },
    body2: { fontSize: "0.875rem" },
    caption: { fontSize: "0.8125rem" },
    overline: { fontSize: "0.75rem", fontWeight: 650, letterSpacing: "0.04em", textTransform: "none" },
    button: { textTransform: "none", fontWeight: 600 },
  },
  components: {
    MuiCssBaseline: {
      styleOverrides: {
        body: { fontVariantNumeric: "tabular-nums" },
        "*:focus-visible": { outline: "2px solid var(--mui-palette-primary-main)", outlineOffset: 2 },
        "@media (prefers-reduced-motion: reduce)": {
          "*, *::before, *::after": {
            animationDuration: "0.01ms !important",
            animationIterationCount: "1 !important",
            transitionDuration: "0.01ms !important",
          },
        },
      },
    },
    MuiButtonBase: {
      defaultProps: { disableRipple: true },
      styleOverrides: { root: { fontFamily: "inherit", ...focusRing } },
    },
    MuiButton: { defaultProps: { disableElevation: true } },
    MuiPaper: { styleOverrides: { root: { backgroundImage: "none" } } },
    MuiCard: { defaultProps: { variant: "outlined" } },
    MuiTextField: { defaultProps: { size: "small", fullWidth: true } },
    MuiFormControl: { defaultProps: { size: "small" } },
    MuiSelect: { defaultProps: { size: "small" } },
    MuiAutocomplete: { defaultProps: { size: "small" } },
    MuiTable: { defaultProps: { size: "small" } },
    MuiTableCell: {
      styleOverrides: {
        root: { fontSize: "0.875rem", padding: "8px 16px" },
        head: { fontWeight: 600, color: "var(--mui-palette-text-secondary)", whiteSpace: "nowrap" },
      },
    },
    MuiChip: { defaultProps: { size: "small" }, styleOverrides: { root: { fontWeight: 600 } } },
    MuiDialog: { defaultProps: { fullWidth: true, maxWidth: "sm" } },
    MuiDialogTitle: { styleOverrides: { root: { fontSize: "1.125rem", fontWeight: 650 } } },
    MuiDialogActions: { styleOverrides: { root: { padding: "8px 24px 20px" } } },
    MuiAlert: { styleOverrides: { root: { alignItems: "center" } } },
    MuiTooltip: { defaultProps: { arrow: true } },
    MuiLink: { defaultProps: { underline: "hover" } },
  },
});
