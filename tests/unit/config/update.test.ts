import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";
import { DEFAULT_UPDATE } from "../../../agent/config/update.ts";

const PATHS = "paths: [{ id: a, targets: [192.0.2.1] }]\n";

function parse(text: string) {
  const result = parseConfig([{ name: "a.yaml", text: PATHS + text }], {});
  if (result.kind === "invalid") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.config.update;
}

describe("readUpdate()", () => {
  test("without a server there are defaults", () => {
    expect(parse("")).toEqual(DEFAULT_UPDATE);
    expect(parse("update: {}")).toEqual(DEFAULT_UPDATE);
  });

  test("reads all of it; the URL names a folder", () => {
    const text = `update:
  url: "https://u.example.net/agents//"
  channel: beta
  keys_file: /etc/patronus/roots.pub
  automatic: true
  window: { from: "22:30", to: "05:00", days: [sat, sun], time_zone: Europe/Berlin }
  check_interval: 1h
  jitter: 0s
  trial: 30s
  keep: delta
`;
    expect(parse(text)).toEqual({
      url: "https://u.example.net/agents/",
      channel: "beta",
      keys_file: "/etc/patronus/roots.pub",
      automatic: true,
      windows: [{ from: 1_350, to: 300, days: [6, 0], time_zone: "Europe/Berlin" }],
      check_interval_secs: 3_600,
      jitter_secs: 0,
      trial_secs: 30,
      keep: "delta",
    });
  });

  test("takes a list of windows", () => {
    const windows = `[{ from: "01:00", to: "02:00" }, { from: "03:00", to: "04:00" }]`;
    expect(parse(`update: { window: ${windows} }`).windows).toHaveLength(2);
  });

  test.each([
    ["automatic: true", "want url too"],
    [`url: "ftp://x/"`, "http or https"],
    [`url: "https://user:pw@x/"`, "http or https"],
    ["keys_file: relative", "absolute path"],
    [`channel: "../x"`, "a-z"],
    ["trial: 4s", "from 5s"],
    [`window: { from: "1", to: "02:00" }`, "a time such as"],
  ])("refuses %s", (text, want) => {
    expect(() => parse(`update: { ${text} }`)).toThrow(want);
  });
});
