import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileDamage } from "../../../../agent/io/store/file-check.ts";

const folder = mkdtempSync(join(tmpdir(), "patronus-check-"));
const path = join(folder, "a.db");

function database(): void {
  const db = new Database(path);
  db.run("PRAGMA journal_mode = WAL");
  db.run("CREATE TABLE t (x TEXT)");
  for (let i = 0; i < 50; i++) db.run("INSERT INTO t VALUES (?)", ["y".repeat(1_000)]);
  expect(fileDamage(path)).toBeNull();
  db.close();
}

describe("fileDamage()", () => {
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("finds what was cut and what was overwritten, nothing else", () => {
    database();
    expect(fileDamage(path)).toBeNull();
    const { size } = statSync(path);
    truncateSync(path, size - 1);
    expect(fileDamage(path)).toBe(`the file was cut from ${size} to ${size - 1} octets`);
    writeFileSync(path, "no database");
    expect(fileDamage(path)).toBe("the file was overwritten");
    truncateSync(path, 0);
    expect(fileDamage(path)).toBeNull();
    rmSync(path);
    expect(fileDamage(path)).toBeNull();
  });
});
