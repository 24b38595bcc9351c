// The demo of this run is forgotten with it.
import { rmSync } from "node:fs";

export default function teardown() {
  const folder = process.env.PFORTE_BROWSER_FOLDER;
  if (folder?.includes("/pfb")) process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
}
