/** Secrets planted in everything that a dump reads: none of them comes out. */

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Item, Reading, Sources } from "../../../../agent/cli/dump/collect.ts";
import { collect } from "../../../../agent/cli/dump/collect.ts";
import { dumpItems } from "../../../../agent/cli/dump/items.ts";
import { knownSecrets } from "../../../../agent/cli/dump/known-secrets.ts";
import { createReport } from "../../../../agent/config/problem.ts";
import { readRoot } from "../../../../agent/config/root.ts";

const folder = mkdtempSync(join(tmpdir(), "patronus-dump-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KEY = Uint8Array.of(1, 2, 250, 251, 9, 8, 7, 6);
const SECRETS = {
  file: "tok-from-file-77",
  header: "Zm9vOmJhcg",
  variable: "value-of-variable-88",
  address: "pw-in-address-99",
  plain: "plain secret, with blanks",
};
writeFileSync(join(folder, "token"), `${SECRETS.file}\n`);
writeFileSync(join(folder, "key"), KEY);

const text = `
http: { token_file: ${folder}/token }
reflector: { listen: "127.0.0.1:1", key_file: ${folder}/key }
otlp:
  endpoint: "https://user:${SECRETS.address}@c.example/v1"
  headers: { authorization: "Basic ${SECRETS.header}", x-any: "\${env:COLLECTOR_TOKEN}" }
alerts: [{ smtp: { password: "${SECRETS.plain}" } }]
`;

function secrets(): readonly string[] {
  const sources = [{ name: "a.yaml", text }];
  const environment = { COLLECTOR_TOKEN: SECRETS.variable };
  const root = readRoot({ sources, environment, overrides: [] }, createReport());
  if (root === null) throw new Error("no root");
  return knownSecrets(root);
}

/** Everything answers with all secrets, in several forms. */
const leak = [
  ...Object.values(SECRETS),
  JSON.stringify(SECRETS),
  Object.values(SECRETS).map(encodeURIComponent).join("&"),
  Buffer.from(KEY).toString("hex"),
  Buffer.from(KEY).toString("base64"),
].join("\nlog line ");

const leaky: Sources = {
  api: async (path): Promise<Reading> =>
    path.includes("events") ? { kind: "missing", reason: leak } : { kind: "text", text: leak },
  file: () => ({ kind: "text", text: leak }),
  command: async () => ({ kind: "text", text: leak }),
};

test("no planted secret comes out of collect(), nor a reason that holds one", async () => {
  const own: Item = { name: "own", origin: { kind: "text", read: () => leak } };
  const dump = await collect([own, ...dumpItems({ worker: 1 })], leaky, secrets());
  expect(dump.entries.length).toBeGreaterThan(25);
  const all = dump.entries.map(({ bytes }) => new TextDecoder().decode(bytes));
  for (const out of [...all, JSON.stringify(dump.missing)]) {
    expect(out).toContain("log line");
    for (const secret of Object.values(SECRETS)) {
      expect(out).not.toContain(secret);
      expect(out).not.toContain(encodeURIComponent(secret));
    }
    expect(out).not.toContain(Buffer.from(KEY).toString("hex"));
    expect(out).not.toContain(Buffer.from(KEY).toString("base64"));
  }
});

test("collect() notes what cannot be had and goes on", async () => {
  const items: Item[] = [
    { name: "a", origin: { kind: "file", path: "/nonexistent" } },
    { name: "b", origin: { kind: "command", choices: [["first"], ["second"]] } },
    { name: "c", origin: { kind: "command", choices: [["second"]] } },
  ];
  const sources: Sources = {
    ...leaky,
    file: () => {
      throw new Error("ENOENT");
    },
    command: async ([name]) =>
      name === "first" ? { kind: "missing", reason: "not installed" } : { kind: "text", text: "x" },
  };
  const dump = await collect(items, sources, []);
  expect(dump.missing).toEqual({ a: "ENOENT" });
  expect(dump.entries.map(({ name }) => name)).toEqual(["b", "c"]);
});
