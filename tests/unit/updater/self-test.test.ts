import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeOutput, selfTest } from "../../../agent/updater/self-test.ts";

const EXPECTED = { version: "0.2.0", target: "linux-x64" };
const answer = (change: object = {}) =>
  JSON.stringify({ nonce: "n1", ...EXPECTED, verdict: "ok", checks: [], ...change });

describe("judgeOutput()", () => {
  test("believes the nonce beside version and target", () => {
    expect(judgeOutput(answer(), "n1", EXPECTED)).toBeNull();
    expect(judgeOutput(`a line before\n${answer()}\n`, "n1", EXPECTED)).toBeNull();
  });

  test.each([
    ["another nonce", answer({ nonce: "n2" })],
    ["no nonce", answer({ nonce: null })],
    ["what the plain runtime prints", "1.4.5\n"],
    ["nothing", ""],
    ["another version", answer({ version: "0.1.0" })],
    ["another target", answer({ target: "linux-arm64" })],
    ["a failed core", answer({ checks: [{ name: "core", state: "failed", detail: "x" }] })],
  ])("holds %s against the file", (_, output) => {
    expect(judgeOutput(output, "n1", EXPECTED)).toMatchObject({ isFile: true });
  });

  test("does not blame the file for the configuration, nor at all for a port in use", () => {
    const failed = (name: string) => answer({ checks: [{ name, state: "failed", detail: "x" }] });
    expect(judgeOutput(failed("config"), "n1", EXPECTED)).toMatchObject({ isFile: false });
    expect(judgeOutput(failed("port"), "n1", EXPECTED)).toBeNull();
  });
});

describe("selfTest()", () => {
  const folder = mkdtempSync(join(tmpdir(), "self-test-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const script = (text: string) => {
    const path = join(folder, "program");
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  test("gives a nonce that nobody can know, and reads the answer", () => {
    const told = answer({ nonce: "NONCE" }).replace("NONCE", "'\"$4\"'");
    expect(selfTest(script(`echo '${told}'; exit 3`), [], EXPECTED)).toBeNull();
    expect(selfTest(script(`echo '${answer()}'`), [], EXPECTED)).toMatchObject({ isFile: true });
  });

  test("tells of a file that ends by a signal or cannot be run", () => {
    expect(selfTest(script("kill -SEGV $$"), [], EXPECTED)?.reason).toContain("SIGSEGV");
    const path = join(folder, "no-program");
    writeFileSync(path, "\x7fELF nothing");
    chmodSync(path, 0o755);
    expect(selfTest(path, [], EXPECTED)?.isFile).toBe(true);
    expect(selfTest(join(folder, "absent"), [], EXPECTED)?.reason).toContain("cannot be run");
  });
});
