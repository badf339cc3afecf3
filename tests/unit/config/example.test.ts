import { describe, expect, test } from "bun:test";
import { builtinConfig } from "../../../agent/config/builtin.ts";
import { referenceConfig } from "../../../agent/config/example.ts";
import { KEYS } from "../../../agent/config/keys.ts";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";
import { DEFAULT_HEALTH } from "../../../agent/config/profiles.ts";

/** Every key that is switched off ("# key:") switched on; "## " explains and stays. */
const complete = referenceConfig.replace(/^(\s*)# /gm, "$1");

function parse(text: string) {
  const result = parseConfig([{ name: "reference.yaml", text }], {});
  if (result.kind === "invalid") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result;
}

describe("referenceConfig", () => {
  test("parses without a problem or warning", () => {
    expect(parse(referenceConfig).warnings).toEqual([]);
  });

  test("parses with every key switched on", () => {
    const { config } = parse(complete);
    expect(config.policies.map(({ primary, backups }) => [primary, backups])).toEqual([
      ["fiber", ["lte"]],
    ]);
    expect(config.paths[0]?.source).toBe("192.0.2.10");
  });

  test("shows the health block with the values that are the defaults", () => {
    const { config } = parse(complete);
    const thresholds = DEFAULT_HEALTH.thresholds;
    expect(config.paths[0]?.health).toEqual({
      ...DEFAULT_HEALTH,
      thresholds: { ...thresholds, latency_ms: { max: 60, critical: 400 } },
    });
  });

  test("shows storage and http with the values that are the defaults", () => {
    const empty = parse("paths: [{ id: a, targets: [192.0.2.1] }]").config;
    const { storage, http } = parse(referenceConfig).config;
    expect(storage).toEqual(empty.storage);
    expect(http).toEqual(empty.http);
    const options = { nodeId: "n", storagePath: storage.path, socket: http.socket };
    expect(builtinConfig(options).http).toEqual(http);
  });

  const keys = [...new Set(Object.values(KEYS).flat())];
  test.each(keys)("shows the key %s", (key) => {
    expect(complete).toMatch(new RegExp(`(^|[\\s{-])${key}:`, "m"));
  });

  test("keeps its lines within 100 columns", () => {
    const wide = referenceConfig.split("\n").filter((line) => line.length > 100);
    expect(wide).toEqual([]);
  });
});
