import { describe, expect, test } from "bun:test";
import { planProbes } from "../../../agent/controller/probe-table.ts";
import { parseAddress } from "../../../agent/domain/address.ts";
import { TABLE_FLAG } from "../../../agent/wire/frame.ts";
import { agentConfig, pathConfig } from "../../support/configs.ts";

const [ONE, TWO, THREE, FOUR, SIX] = [
  ...["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8::6"],
] as const;

function plan(...targets: readonly (readonly string[])[]) {
  const known = new Map(
    targets.flat().flatMap((host) => {
      const address = parseAddress(host);
      return address === null ? [] : [[`any ${host}`, address] as const];
    }),
  );
  const paths = targets.map((hosts, i) => pathConfig(`p${i}`, hosts));
  return planProbes(agentConfig(paths), { known, scopeOf: () => 0 });
}

/** Path and last octet of each spare. */
const spares = (...targets: readonly (readonly string[])[]) => {
  const { rows, series } = plan(...targets);
  return rows.slice(series.length).map((row) => {
    expect([row.flags & TABLE_FLAG.spare, row.intervalUs]).toEqual([TABLE_FLAG.spare, 0]);
    return [row.path, row.target.at(-1)];
  });
};

describe("planProbes()", () => {
  test("gives a path that shares all its targets those of the others, two at the most", () => {
    expect(spares([ONE], [ONE, TWO, THREE, FOUR])).toEqual([
      [0, 2],
      [0, 3],
    ]);
  });

  test.each([
    { name: "paths with targets of their own", targets: [[ONE], [TWO]] },
    { name: "paths that ask the same", targets: [[ONE], [ONE]] },
    { name: "a path alone", targets: [[ONE]] },
    { name: "a family that the path does not ask", targets: [[ONE], [ONE, SIX]] },
  ])("needs no spare for $name", ({ targets }) => {
    expect(spares(...targets)).toEqual([]);
  });
});
