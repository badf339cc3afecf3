import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { secretFileWarnings } from "../../../agent/io/secret-files.ts";

const folder = mkdtempSync(join(tmpdir(), "patronus-secrets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, "secret");
  chmodSync(path, mode);
  return path;
}

function messages(config: object): string[] {
  return secretFileWarnings(config, "a.yaml").map(({ message }) => message);
}

test("secretFileWarnings() names a file that others may read, at any depth", () => {
  const open = file("open", 0o644);
  const config = { http: { token_file: open }, list: [{ key_file: file("shut", 0o640) }] };
  expect(messages(config)).toEqual([`open to everybody, want mode 0640 or stricter: ${open}`]);
});

test("secretFileWarnings() names a file that is not there", () => {
  expect(messages({ key_file: join(folder, "none") })[0]).toContain("cannot be read (ENOENT)");
});

test("secretFileWarnings() leaves certificates alone, and what is switched off", () => {
  expect(messages({ cert_file: file("cert", 0o644), token_file: null })).toEqual([]);
});
