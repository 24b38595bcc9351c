// The browser's tests: Debian's Chromium against a demo of their own, which the first project starts.
import { tmpdir } from "node:os";
import { defineConfig } from "@playwright/test";

// A port of its own for every run, so that a demo by hand may run beside it. Workers inherit it.
process.env.PFORTE_BROWSER_PORT ??= String(20_000 + 2 * Math.floor(Math.random() * 10_000));
const port = Number(process.env.PFORTE_BROWSER_PORT);
process.env.PFORTE_BROWSER_FOLDER ??= `${tmpdir()}/pfb${port}`;
const folder = process.env.PFORTE_BROWSER_FOLDER;

const built = `${process.env.CARGO_TARGET_DIR ?? "../../target"}/debug`;

export default defineConfig({
  testDir: ".",
  timeout: 90_000,
  expect: { timeout: 20_000 },
  workers: 1,
  // Where the machine is shared; what passes the second time only is told as flaky.
  retries: process.env.CI ? 1 : 0,
  reporter: [["list"]],
  outputDir: "../../target/browser",
  globalTeardown: "./teardown.ts",
  use: {
    baseURL: `http://localhost:${port}`,
    viewport: { width: 1440, height: 900 },
    actionTimeout: 20_000,
    // Colours in mid-change would be measured otherwise.
    contextOptions: { reducedMotion: "reduce" },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
      ],
    },
  },
  webServer: {
    command: `${built}/pforte-demo --folder ${folder} --port ${port} --people 12`,
    wait: { stdout: /READY / },
    timeout: 120_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 15_000 },
    stdout: "pipe",
  },
});
