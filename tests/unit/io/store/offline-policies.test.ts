import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../../../agent/io/store/database.ts";
import { writeApiPolicies } from "../../../../agent/io/store/failover-tables.ts";
import { readOfflinePolicies } from "../../../../agent/io/store/offline-policies.ts";

let folder = "";
let path = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "patronus-offline-"));
  path = join(folder, "patronus.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open() {
  const opened = openDatabase({ path, maxPages: 10_000, openTimeoutMs: 0 });
  if (opened.kind === "fault") throw new Error(opened.fault.reason);
  return opened.value;
}

test("readOfflinePolicies() finds what the API made", () => {
  const policy = { id: 9, document: { primary: "fiber", backups: ["lte"] } };
  const db = open();
  writeApiPolicies(db, [policy]);
  db.close();
  expect(readOfflinePolicies(path)).toEqual({ kind: "ok", policies: [policy] });
});

test("readOfflinePolicies() makes no file where there is none", () => {
  expect(readOfflinePolicies(path)).toEqual({ kind: "ok", policies: [] });
  expect(existsSync(path)).toBe(false);
});

test("readOfflinePolicies() says why it cannot read", () => {
  writeFileSync(path, "no database at all, and long enough to be looked at");
  expect(readOfflinePolicies(path)).toMatchObject({ kind: "failed" });
});
