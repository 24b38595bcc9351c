// A server of a test's own, new and without operators, on a private Postgres; and the authenticator in a person's hand.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";

const program = `${process.env.CARGO_TARGET_DIR ?? "../../target"}/debug/pforte-server`;
const psql = "/usr/lib/postgresql/15/bin/psql";

/** A running server, and what it printed. */
export class Server {
  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
    private readonly lines: string[],
    /** Where staff reach it. */
    readonly url: string,
  ) {}

  /** Starts one with these tenants: short name and name. */
  static async start(tenants: [string, string][]): Promise<Server> {
    // Short, for the paths of sockets; to be entered by the database's account.
    const folder = mkdtempSync(`${tmpdir()}/pfs`);
    chmodSync(folder, 0o755);
    const config = `${folder}/server.toml`;
    writeFileSync(
      config,
      `mode = "test"\ndata_folder = "${folder}/server"\n[staff]\nlisten = "127.0.0.1:0"\nplain_http = true\n` +
        `[agents]\nlisten = "127.0.0.1:0"\n`,
    );
    for (const [slug, name] of tenants) {
      execFileSync(program, ["tenant", "add", "--config", config, "--slug", slug, "--name", name], { stdio: "pipe" });
    }
    // Told to end when the worker is gone, however that goes.
    const child = spawn("setpriv", ["--pdeathsig=TERM", "--", program, "run", "--config", config], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      const url = /^LISTENING staff=(\S+)/.exec(line)?.[1];
      if (url) return new Server(folder, child, lines, url);
    }
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`the server ended:\n${lines.join("\n")}`);
  }

  /** The one-time link that was printed at start for a tenant's first administrator. */
  link(slug: string): string {
    const line = this.lines.find((printed) => printed.startsWith(`SETUP ${slug} `));
    if (!line) throw new Error(`no link for ${slug} in:\n${this.lines.join("\n")}`);
    return line.split(" ")[2] ?? "";
  }

  /** The link that the command line prints for an operator whose authenticator is lost. */
  resetTotp(slug: string, name: string, reason: string): string {
    const where = ["--config", `${this.folder}/server.toml`, "--tenant", slug, "--name", name, "--reason", reason];
    const printed = execFileSync(program, ["operator", "reset-totp", ...where], { encoding: "utf8", stdio: "pipe" });
    const token = /\/setup#\S+/.exec(printed)?.[0];
    if (!token) throw new Error(`no link in: ${printed}`);
    // The command does not know which port was free.
    return `${this.url}${token}`;
  }

  /** A day goes by for the links of a tenant. */
  letLinksRunOut(slug: string) {
    const sql = `UPDATE setup_links SET expires_at = now() - interval '1 second'
      WHERE tenant_id = (SELECT id FROM tenants WHERE slug = '${slug}')`;
    const said = execFileSync(psql, ["-qAt", "-h", `${this.folder}/server/run`, "-U", "cluster", "-d", "pforte", "-c", `${sql} RETURNING 1`], {
      encoding: "utf8",
    });
    if (said.trim() === "") throw new Error(`${slug} has no links`);
  }

  /** Stops it and removes what it kept. */
  async stop() {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    if (this.child.exitCode === null && this.child.kill("SIGTERM")) await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What an authenticator shows (RFC 6238: SHA-1, 30 s, six digits). A code is good once, so each is a later one. */
export class Authenticator {
  private step = 0;
  constructor(private readonly secret: string) {}

  code(): string {
    // The server takes the next code too: a person's clock may be fast.
    this.step = Math.max(this.step + 1, Math.floor(Date.now() / 30_000));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(this.step));
    const hash = createHmac("sha1", base32(this.secret)).update(counter).digest();
    const number = hash.readUInt32BE((hash.at(-1) ?? 0) & 0x0f) & 0x7fff_ffff;
    return String(number % 1_000_000).padStart(6, "0");
  }
}

function base32(text: string): Buffer {
  const bits = [...text.replaceAll(/[\s=]/g, "")]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter.toUpperCase()).toString(2).padStart(5, "0"))
    .join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
