/** Alerts to a real program: its environment, its exit codes, its end when it hangs. */

import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execSender } from "../../agent/io/alerts/exec.ts";
import { createClock, createTimers } from "../../agent/io/clock.ts";
import { createHookRunner } from "../../agent/io/hooks/runner.ts";
import { MESSAGE, NEVER_ABORTED } from "../support/alert-messages.ts";

const clock = createClock();
const timers = createTimers(clock);
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "patronus-exec-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(text: string, message = MESSAGE) {
  const file = join(folder, "alert.sh");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  const base = { name: "x", min_severity: "info", send_resolved: true, timeout_secs: 1 } as const;
  const runner = createHookRunner({ clock, timers });
  return execSender({ ...base, type: "exec", exec: [file] }, runner)(message, NEVER_ABORTED);
}

test("the environment says what happened, and nothing else is inherited", async () => {
  const out = join(folder, "env");
  expect(await run(`env > ${out}; printf %s "$PATRONUS_ALERT_JSON" > ${out}.json`)).toEqual({
    kind: "delivered",
  });
  const lines = readFileSync(out, "utf8").split("\n");
  expect(lines).toContain(`PATRONUS_ALERT_ID=${MESSAGE.id}`);
  expect(lines).toContain("PATRONUS_ALERT_STATUS=firing");
  expect(lines).toContain("PATRONUS_ALERT_SEVERITY=critical");
  expect(lines).toContain("PATRONUS_ALERT_COUNT=2");
  expect(lines).toContain("PATRONUS_ALERT_PATH=fiber");
  expect(lines.some((line) => line.startsWith("HOME="))).toBe(false);
  expect(JSON.parse(readFileSync(`${out}.json`, "utf8"))).toEqual(
    JSON.parse(JSON.stringify(MESSAGE)),
  );
});

test("what is too long for a variable is left out, and the program runs", async () => {
  const [first] = MESSAGE.alerts;
  if (first === undefined) throw new Error("no alert");
  const alerts = Array.from({ length: 100 }, () => ({ ...first, cause: "y".repeat(2_000) }));
  const out = join(folder, "size");
  const script = `printf %s "$PATRONUS_ALERT_JSON" | wc -c > ${out}`;
  expect(await run(script, { ...MESSAGE, alerts })).toEqual({ kind: "delivered" });
  expect(readFileSync(out, "utf8").trim()).toBe("0");
});

test.each([
  ["exit 0", "delivered"],
  ["exit 75", "retry"],
  ["echo no; exit 1", "permanent"],
  ["kill -9 $$", "retry"],
  ["sleep 30", "retry"],
])("%s is %s", async (text, kind) => {
  expect((await run(text)).kind).toBe(kind as "retry");
});
