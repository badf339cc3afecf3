import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processUsage } from "../../../agent/io/process-usage.ts";

let proc: string;

beforeAll(() => {
  proc = mkdtempSync(join(tmpdir(), "patronus-proc-"));
  mkdirSync(join(proc, "7"));
  const before = "7 (a b) c) S 1 7 7 0 -1 4194560 9 0 3 0";
  writeFileSync(join(proc, "7/stat"), `${before} 250 50 0 0 20 0 1 0 99 8000000 512 184467\n`);
});

afterAll(() => rmSync(proc, { recursive: true, force: true }));

test("processUsage() reads time and memory behind whatever name a process has", () => {
  expect(processUsage(7, proc)).toEqual({
    cpu_seconds: 3,
    resident_bytes: 512 * 4_096,
    major_faults: 3,
  });
});

test("processUsage() of a process that is gone is null, and of our own is something", () => {
  expect(processUsage(8, proc)).toBeNull();
  expect(processUsage(process.pid)?.resident_bytes).toBeGreaterThan(1_000_000);
});
