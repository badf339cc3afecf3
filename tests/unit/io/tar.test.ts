import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tarOf } from "../../../agent/io/tar.ts";

test("tarOf() makes what tar reads, for every size around a block", () => {
  const folder = mkdtempSync(join(tmpdir(), "patronus-tar-"));
  const sizes = [0, 1, 511, 512, 513, 5_000];
  const entries = sizes.map((size) => ({
    name: `deep/er/${size}`,
    bytes: new Uint8Array(size).fill(65),
  }));
  writeFileSync(join(folder, "a.tar"), tarOf(entries, 1_700_000_000));
  const { exitCode, stderr } = Bun.spawnSync(["tar", "-xf", "a.tar"], { cwd: folder });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  for (const { name, bytes } of entries) {
    expect(new Uint8Array(readFileSync(join(folder, name)))).toEqual(bytes);
  }
  rmSync(folder, { recursive: true });
});

test("tarOf() refuses a name that leads out or does not fit", () => {
  for (const name of ["/etc/passwd", "a".repeat(101), "", "a\0b"]) {
    expect(() => tarOf([{ name, bytes: new Uint8Array() }], 0)).toThrow();
  }
});
