// Links and buttons that lead to another page of Pforte.

import Button, { type ButtonProps } from "@mui/material/Button";
import MuiLink, { type LinkProps } from "@mui/material/Link";
import { createLink } from "@tanstack/react-router";
import type { Ref } from "react";

export const ButtonTo = createLink(function AnchorButton(props: ButtonProps<"a"> & { ref?: Ref<HTMLAnchorElement> }) {
  return <Button component="a" {...props} />;
});

export const LinkTo = createLink(function AnchorLink(props: LinkProps & { ref?: Ref<HTMLAnchorElement> }) {
  return <MuiLink {...props} />;
});
