import { expect, test } from "bun:test";
import { logReload } from "../../../agent/controller/reload-log.ts";
import { agentConfig, pathConfig } from "../../support/configs.ts";
import { FakeLog } from "../../support/fake-log.ts";

const before = agentConfig([pathConfig("a", ["192.0.2.1"])]);

test("logReload() has a line per changed key and says what waits for a restart", () => {
  const log = new FakeLog();
  const after = { ...before, storage: { ...before.storage, max_size_mb: 99 } };
  logReload(before, after, log);
  expect(log.lines).toMatchObject([
    {
      message: "configuration changed",
      fields: { key: "storage.max_size_mb", from: "64", to: "99" },
    },
    { level: "warn", fields: { keys: "storage.max_size_mb" } },
    { message: "configuration reloaded", fields: { changes: 1 } },
  ]);
});

test("logReload() counts what is beyond a screen", () => {
  const log = new FakeLog();
  const many = Array.from({ length: 50 }, (_, i) => pathConfig(`p${i}`, ["192.0.2.1"]));
  logReload(before, agentConfig(many), log);
  expect(log.lines.length).toBe(22);
  expect(log.lines.at(-2)).toMatchObject({ message: "configuration changed, more keys" });
});

test("logReload() of the same configuration has one line", () => {
  const log = new FakeLog();
  logReload(before, { ...structuredClone(before), origin: "elsewhere" }, log);
  expect(log.messages).toEqual(["configuration reloaded: nothing changed"]);
});
