import { describe, expect, test } from "bun:test";
import { configChanges, needsRestart } from "../../../agent/domain/config-change.ts";
import { MASK } from "../../../agent/domain/secrets.ts";
import { agentConfig, HEALTH, pathConfig } from "../../support/configs.ts";

const A = pathConfig("a", ["192.0.2.1"]);
const B = pathConfig("b", ["192.0.2.2"]);
const before = agentConfig([A, B]);

describe("configChanges()", () => {
  test("of the same configuration, wherever it came from, are none", () => {
    expect(configChanges(before, { ...structuredClone(before), origin: "elsewhere" })).toEqual([]);
  });

  test("name the key, the old and the new value", () => {
    const slow = { ...A, health: { ...HEALTH, window_probes: 99 } };
    expect(configChanges(before, agentConfig([slow, B]))).toEqual([
      { key: "paths[a].health.window_probes", from: "50", to: "99" },
    ]);
  });

  test("of a path in front of others are its own keys and the positions", () => {
    const keys = configChanges(before, agentConfig([pathConfig("c", ["192.0.2.3"]), A, B]));
    const others = keys.filter(({ key }) => !key.startsWith("paths[c]"));
    expect(others.map(({ key }) => key)).toEqual(["paths[a] position", "paths[b] position"]);
  });

  test("tell of a secret only that it changed", () => {
    const withToken = (token: string) => ({
      ...before,
      node: { ...before.node, labels: { token } },
    });
    const [change, ...more] = configChanges(withToken("one"), withToken("two"));
    expect(change).toEqual({ key: "node.labels.token", from: MASK, to: MASK });
    expect(more).toEqual([]);
  });

  test("of listeners and storage wait for a restart", () => {
    const http = { ...before.http, listen: "127.0.0.1:1" };
    const changes = configChanges(before, { ...before, http });
    expect(changes.map(needsRestart)).toEqual([true]);
    expect(configChanges(before, agentConfig([A])).some(needsRestart)).toBe(false);
  });
});
