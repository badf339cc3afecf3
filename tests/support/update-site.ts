/**
 * Releases of the agent for tests: built from a patched copy of the tree, published by the release
 * script's own functions into a folder, served on loopback. Nothing here asserts.
 */

import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KEY_LIST_TYPE } from "../../agent/update/key-list.ts";
import { hostTarget } from "../../scripts/build.ts";
import { writeSigned } from "../../scripts/release/folder.ts";
import type { PayloadReport, PublishOrder } from "../../scripts/release/publish.ts";
import { publish } from "../../scripts/release/publish.ts";
import type { SigningKey } from "../../scripts/release/signing.ts";
import { makeKey, publicLine } from "../../scripts/release/signing.ts";

const ROOT = join(import.meta.dir, "../..");
const COPIED = ["agent", "scripts", "build", "package.json", "tsconfig.json", ".bun-version"];
const TARGET = hostTarget().name;
const NOW = Math.floor(Date.now() / 1_000);
const DAY = 86_400;

/** A change of the source: in this file this text becomes that one. */
export interface Patch {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export type PublishChange = Partial<
  Pick<PublishOrder, "created" | "notAfter" | "rollout" | "minRelease" | "channel">
>;

export class UpdateSite {
  /** What is served. */
  readonly folder: string;
  readonly root: SigningKey = makeKey();
  readonly key: SigningKey = makeKey();
  readonly requests: string[] = [];
  /** Octets of bodies that were sent. */
  sent = 0;
  /** Cuts every payload's body after so many octets; null: whole. */
  cutAfter: number | null = null;
  readonly #scratch: string;
  readonly #server: Bun.Server<undefined>;

  constructor(scratch: string) {
    this.#scratch = scratch;
    this.folder = join(scratch, "site");
    mkdirSync(this.folder, { recursive: true });
    this.writeKeys({});
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => this.#answer(request),
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/`;
  }

  writeKeys(change: { readonly signer?: SigningKey; readonly version?: number }): void {
    const document = {
      type: KEY_LIST_TYPE,
      version: change.version ?? 1,
      created: NOW,
      not_after: NOW + 365 * DAY,
      keys: [publicLine(this.key)],
      revoked: [],
    };
    writeSigned(join(this.folder, "keys.json"), document, change.signer ?? this.root);
  }

  /** A compiled file of this version, release N being 0.2.N. */
  async build(release: number, patches: readonly Patch[] = []): Promise<string> {
    const tree = join(this.#scratch, `tree-${release}`);
    for (const name of COPIED) {
      cpSync(join(ROOT, name), join(tree, name), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
    for (const { file, from, to } of patches) {
      const path = join(tree, file);
      const text = readFileSync(path, "utf8");
      if (!text.includes(from)) throw new Error(`cannot patch ${file}: it has no ${from}`);
      writeFileSync(path, text.replace(from, to));
    }
    const out = join(this.#scratch, `built-${release}`);
    const edition = { version: `0.2.${release}`, release, rootKeys: [publicLine(this.root)] };
    const code = `const { buildTarget, hostTarget } = await import("./scripts/build.ts");
await buildTarget(hostTarget(), ${JSON.stringify(out)}, ${JSON.stringify(edition)});`;
    const child = Bun.spawn([process.execPath, "-e", code], { cwd: tree, stderr: "pipe" });
    if ((await child.exited) !== 0) throw new Error(await new Response(child.stderr).text());
    rmSync(tree, { recursive: true });
    return join(out, "patronus-agent");
  }

  publish(
    release: number,
    file: string,
    change: PublishChange = {},
    key = this.key,
  ): readonly PayloadReport[] {
    const order: PublishOrder = {
      folder: this.folder,
      channel: "stable",
      version: `0.2.${release}`,
      release,
      minRelease: 0,
      rollout: { percent: 100, salt: "test" },
      created: NOW,
      notAfter: NOW + DAY,
      level: 1,
      deltas: 1,
      files: new Map([[TARGET, file]]),
      ...change,
    };
    return publish(order, key);
  }

  /** A copy of a file with some of its octets changed. */
  damage(file: string, name: string, change: (bytes: Buffer) => Buffer): string {
    const path = join(this.#scratch, name);
    writeFileSync(path, change(readFileSync(file)), { mode: 0o755 });
    return path;
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const range = request.headers.get("range");
    this.requests.push(range === null ? pathname : `${pathname} ${range}`);
    const file = Bun.file(join(this.folder, pathname));
    if (!(await file.exists())) return new Response("not here", { status: 404 });
    const etag = `"${file.lastModified}-${file.size}"`;
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    const isRest = from > 0 && request.headers.get("if-range") === etag;
    const start = isRest ? from : 0;
    const isPayload = /\.(zst|delta)$/.test(pathname);
    const end = isPayload && this.cutAfter !== null ? start + this.cutAfter : file.size;
    const body = await file.slice(start, end).arrayBuffer();
    this.sent += body.byteLength;
    const headers = { etag, "content-range": `bytes ${start}-${file.size - 1}/${file.size}` };
    return new Response(body, { status: isRest ? 206 : 200, headers });
  }
}
