/** The reflector's section: off by default, never open to everybody by accident. */

import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";

function parse(reflector: string) {
  const text = `paths: [{ id: a, targets: [192.0.2.1] }]\n${reflector}`;
  return parseConfig([{ name: "a.yaml", text }], {});
}

function reflectorOf(text: string) {
  const result = parse(text);
  if (result.kind === "invalid") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.config.reflector;
}

function problemsOf(text: string): readonly string[] {
  const result = parse(text);
  return result.kind === "invalid" ? result.problems.map(formatProblem) : [];
}

describe("readReflector()", () => {
  test.each(["", "reflector: ~", "reflector: {}", "reflector:"])("%p leaves it off", (text) => {
    expect(reflectorOf(text)).toBeNull();
  });

  test("a loopback listener needs nothing else", () => {
    expect(reflectorOf(`reflector: { listen: "127.0.0.1:8620" }`)).toEqual({
      listen: ["127.0.0.1:8620"],
      allow: [],
      key_file: null,
      stateful: false,
      rate: 100,
    });
  });

  test("takes a list of listeners and every key", () => {
    const text = `reflector:
  listen: ["0.0.0.0:862", "[::]:862"]
  allow: [10.0.0.0/8, "fd00::/8", 192.0.2.7]
  key_file: /etc/patronus/stamp.key
  stateful: true
  rate: 2000`;
    expect(reflectorOf(text)).toEqual({
      listen: ["0.0.0.0:862", "[::]:862"],
      allow: ["10.0.0.0/8", "fd00::/8", "192.0.2.7"],
      key_file: "/etc/patronus/stamp.key",
      stateful: true,
      rate: 2_000,
    });
  });

  test.each(["0.0.0.0:862", "192.0.2.1:862", "[::]:862", "[2001:db8::1]:862"])(
    "%p without an allow-list is refused, with what to do",
    (listen) => {
      const [problem] = problemsOf(`reflector: { listen: "${listen}" }`);
      expect(problem).toStartWith(
        `a.yaml:2: reflector.listen: cannot answer everybody on "${listen}": want allow`,
      );
    },
  );

  test("one open listener among loopback ones is refused too", () => {
    const text = `reflector: { listen: ["127.0.0.1:862", "192.0.2.1:862"], allow: [] }`;
    expect(problemsOf(text)[0]).toContain(`cannot answer everybody on "192.0.2.1:862"`);
    expect(problemsOf(text.replace("allow: []", "allow: [192.0.2.0/24]"))).toEqual([]);
  });

  test.each([
    [`reflector: { allow: [10.0.0.0/8] }`, "reflector.listen: missing: want address:port"],
    [`reflector: { listen: [] }`, "reflector.listen: missing: want address:port"],
    [`reflector: { listen: "127.0.0.1" }`, `reflector.listen: cannot use "127.0.0.1"`],
    [`reflector: { listen: "127.0.0.1:0" }`, "reflector.listen: cannot use"],
    [`reflector: { listen: ["host:862"] }`, "reflector.listen[0]: cannot use"],
    [`reflector: { listen: "127.0.0.1:862", allow: [10.0.0.0/33] }`, "reflector.allow[0]: cannot"],
    [`reflector: { listen: "127.0.0.1:862", allow: 10.0.0.0/8 }`, "reflector.allow: cannot use"],
    [`reflector: { listen: "127.0.0.1:862", rate: 0 }`, "reflector.rate: cannot use 0: want"],
    [`reflector: { listen: "127.0.0.1:862", key_file: key }`, "reflector.key_file: cannot use"],
    [`reflector: { listen: "127.0.0.1:862", key: x }`, "reflector.key: unknown key"],
    [`reflector: on`, "reflector: cannot use"],
  ] as const)("%p is a problem", (text, want) => {
    expect(problemsOf(text).join("\n")).toContain(want);
  });

  test("more prefixes than one message holds are refused", () => {
    const allow = Array.from({ length: 257 }, (_, i) => `10.${i >>> 8}.${i & 255}.0/24`);
    const text = (list: readonly string[]) =>
      `reflector: { listen: "192.0.2.1:862", allow: [${list.join(", ")}] }`;
    expect(problemsOf(text(allow))[0]).toContain("cannot use 257 entries: want at most 256");
    expect(problemsOf(text(allow.slice(1)))).toEqual([]);
  });
});
