/** What makes a usable key, and what an operator is told of the others. */

import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyReader, readKeyFile } from "../../../agent/io/key-file.ts";
import { FakeLog } from "../../support/fake-log.ts";

const folder = mkdtempSync(join(tmpdir(), "patronus-key-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Uint8Array, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const text = (key: Uint8Array | null) => new TextDecoder().decode(key ?? new Uint8Array());

describe("readKeyFile()", () => {
  const rows = [
    ["a", "secret", "secret"],
    ["b", "secret\n", "secret"],
    ["c", "secret\r\n", "secret"],
    ["d", " secret \n\n", " secret \n"],
  ] as const;
  test.each(rows)("%s: trims one newline and nothing else", (name, content, want) => {
    const result = readKeyFile(file(name, content));
    expect(result.kind === "ok" && text(result.key)).toBe(want);
  });

  test("refuses what is no key: empty, a newline alone, too long, absent", () => {
    const paths = [file("e", ""), file("f", "\n"), file("g", "x".repeat(4_097))];
    expect(paths.map((path) => readKeyFile(path).kind)).toEqual(["failed", "failed", "failed"]);
    expect(readKeyFile(join(folder, "none")).kind).toBe("failed");
    expect(readKeyFile(file("h", "x".repeat(4_096))).kind).toBe("ok");
  });
});

describe("keyReader()", () => {
  test("warns of a key that everybody can read, and uses it", () => {
    const log = new FakeLog();
    expect(text(keyReader(log)(file("i", "secret", 0o644)))).toBe("secret");
    expect(log.messages).toEqual([
      "the STAMP key file is open to everybody, use mode 0640 or stricter",
    ]);
  });

  test("warns of a file it cannot use and gives nothing", () => {
    const log = new FakeLog();
    expect(keyReader(log)(join(folder, "none"))).toBeNull();
    expect(log.messages).toEqual(["cannot read the STAMP key file"]);
  });
});
