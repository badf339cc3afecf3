import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";

const PATHS = `paths:
  - { id: fiber, interface: eth1, targets: [192.0.2.1] }
  - { id: lte, interface: wwan0, targets: [192.0.2.1] }
`;

function parse(route: string, paths = PATHS) {
  const text = `${paths}policies: [{ id: 1, primary: fiber, backups: [lte], route: ${route} }]`;
  return parseConfig([{ name: "test.yaml", text }], {});
}

function routeOf(route: string) {
  const result = parse(route);
  if (result.kind === "invalid") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.config.policies[0]?.route;
}

function problems(route: string, paths = PATHS): readonly string[] {
  const result = parse(route, paths);
  return result.kind === "ok"
    ? []
    : result.problems.map(({ key, message }) => `${key}: ${message}`);
}

const none = { from: null, to: null, fwmark: null, iif: null };

describe("readRoute()", () => {
  test("is null without a route", () => {
    expect(routeOf("~")).toBeNull();
  });

  test("keeps prefixes as they are written and defaults to reporting IPv6", () => {
    expect(routeOf("{ match: [{ from: 10.0.0.0/8, iif: lan0 }, { to: default }] }")).toEqual({
      match: [
        { ...none, from: "10.0.0.0/8", iif: "lan0" },
        { ...none, to: "default" },
      ],
      ipv6: "report",
    });
  });

  test.each([
    ["0x100", { mark: 0x100, mask: 0xffff_ffff }],
    ["4294967295", { mark: 0xffff_ffff, mask: 0xffff_ffff }],
    ['"0x100/0xff00"', { mark: 0x100, mask: 0xff00 }],
    ['"256/65280"', { mark: 0x100, mask: 0xff00 }],
  ])("reads the mark %s", (text, fwmark) => {
    expect(routeOf(`{ match: [{ fwmark: ${text} }] }`)?.match[0]).toEqual({ ...none, fwmark });
  });

  test.each(["0", "-1", '"0x1/0"', '"0x1/0x100000000"', '"1/x"', "4294967296"])(
    "refuses the mark %s",
    (text) => {
      expect(problems(`{ match: [{ fwmark: ${text} }] }`)).toHaveLength(1);
    },
  );

  test.each([
    { count: 16, found: 0 },
    { count: 17, found: 1 },
  ])("$count selectors give $found problems", ({ count, found }) => {
    const list = Array.from({ length: count }, (_, i) => `{ from: 10.0.${i}.0/24 }`);
    expect(problems(`{ match: [${list.join(", ")}] }`)).toHaveLength(found);
  });

  test("an unusable selector does not shadow the others", () => {
    const found = problems("{ match: [{ from: nowhere, iif: lan }, { iif: lan }] }");
    expect(found).toHaveLength(1);
    expect(found[0]).toStartWith("policies[0].route.match[0].from: cannot use");
  });
});

describe("rejectUnroutable()", () => {
  test("wants a device of every path that a policy routes by", () => {
    const bare = PATHS.replace("interface: wwan0, ", "");
    expect(problems("{ match: [{ to: default }] }", bare)).toEqual([
      "paths[1].interface: missing: want the device, because a policy routes by this path",
    ]);
    expect(problems("~", bare)).toEqual([]);
  });

  test.each([
    { count: 200, found: 0 },
    { count: 201, found: 1 },
  ])("$count routed paths give $found problems", ({ count, found }) => {
    const ids = Array.from({ length: count }, (_, i) => `p${i}`);
    const paths = ids.map((id) => `{ id: ${id}, interface: eth0, targets: [192.0.2.1] }`);
    const [first, ...backups] = ids;
    const policy = `{ id: 1, primary: ${first}, backups: [${backups.join(", ")}], `;
    const text =
      `paths: [{ id: unrouted, targets: [192.0.2.1] }, ${paths.join(", ")}]\n` +
      `policies: [${policy} route: { match: [{ to: default }] } }]`;
    const result = parseConfig([{ name: "test.yaml", text }], {});
    expect(result.kind === "ok" ? 0 : result.problems.length).toBe(found);
  });
});
