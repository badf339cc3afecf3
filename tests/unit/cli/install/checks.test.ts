import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  checkLibraries,
  checkMount,
  checkRoom,
  isListening,
  parseMounts,
} from "../../../../agent/cli/install/checks.ts";

const MOUNTS = parseMounts(
  [
    "/dev/root / ext4 rw 0 0",
    "tmpfs /tmp tmpfs rw,nosuid 0 0",
    "overlay /opt overlay rw,upperdir=/tmp/upper,workdir=/tmp/work 0 0",
    "/dev/sda1 /mnt/my\\040disk vfat rw,noexec 0 0",
    "",
  ].join("\n"),
);

describe("checkMount()", () => {
  test.each([
    { folder: "/usr/local", want: [] },
    { folder: "/mnt/my disk/x", want: ["error"] },
    { folder: "/tmp/x", want: ["warning"] },
    { folder: "/opt/patronus", want: ["warning"] },
  ])("of $folder: $want", ({ folder, want }) => {
    expect(checkMount(MOUNTS, folder).map(({ level }) => `${level}`)).toEqual([...want]);
  });
});

test.each([
  { free: 100e6, needed: 117e6, want: ["error"] },
  { free: 200e6, needed: 117e6, want: ["warning"] },
  { free: 400e6, needed: 117e6, want: [] },
  { free: 160e6, needed: 0, want: [] },
])("checkRoom() with $free free and $needed needed: $want", ({ free, needed, want }) => {
  const findings = checkRoom("/opt", { free, needed, program: 117e6 });
  expect(findings.map(({ level }) => `${level}`)).toEqual([...want]);
});

describe("checkLibraries()", () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "patronus-root-"));
    mkdirSync(join(root, "lib"));
    writeFileSync(join(root, "lib/ld-musl-x86_64.so.1"), "");
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("names the C library that the file is for", () => {
    expect(checkLibraries(root, "linux-x64")[0]?.text).toContain("this file is for linux-x64");
  });

  test("a musl build wants libstdc++, and says how to get it", () => {
    expect(checkLibraries(root, "linux-x64-musl")[0]?.text).toContain("libstdcpp6");
    writeFileSync(join(root, "lib/libstdc++.so.6"), "");
    expect(checkLibraries(root, "linux-x64-musl")).toEqual([]);
  });
});

test("isListening() finds a listener of another user", () => {
  const line =
    "  0: 0100007F:2505 00000000:0000 0A 00000000:00000000 00:00000000 00000000   998 0 1";
  const table = `  sl  local_address rem_address   st\n${line}\n`;
  expect(isListening(table, 9477, null)).toBe(true);
  expect(isListening(table, 9477, 998)).toBe(false);
  expect(isListening(table, 9478, null)).toBe(false);
});
