import { describe, expect, test } from "bun:test";
import { micros } from "../../../../agent/domain/units.ts";
import { parsePersisted, spanOf } from "../../../../agent/engine/failover/persisted.ts";
import { FailoverScript, hold, maintenance, pin } from "../../../support/failover-steps.ts";

/** A state with something in every field, as text on the disk. */
function text(): string {
  const script = new FailoverScript({ answers: false }).started();
  script
    .command(pin("fiber", "safe", 60))
    .command(hold(false))
    .command(maintenance("dsl", true));
  script.at(1).tell("fiber", "carrier");
  return JSON.stringify(script.engine.persisted(script.now));
}

describe("parsePersisted()", () => {
  test("takes what the engine gives", () => {
    const state = parsePersisted(JSON.parse(text()));
    expect(JSON.stringify(state)).toBe(text());
    expect(state?.policies[0]?.tracks[0]?.pending).toMatchObject({ to: "lte", counts: true });
  });

  const broken = [
    ['"version":1', '"version":2'],
    ['"nextOrder":2', '"nextOrder":-1'],
    ['"nextOrder":2', '"nextOrder":"2"'],
    ['"family":4', '"family":5'],
    ['"mode":"safe"', '"mode":"maybe"'],
    ['"strict":false', '"strict":0'],
    ['"cause":"hard-down"', '"cause":"whim"'],
    ['"failures":0', '"failures":1.5'],
    ['"quiet":0', '"quiet":-1'],
    ['"author":"ann"', '"author":null'],
    ['"softMoves":[]', '"softMoves":{}'],
    ['"failed":false', '"failed":null'],
    ['"enabled":null', '"enabled":"yes"'],
    ['"path":"dsl"', '"road":"dsl"'],
  ] as const;
  test.each(broken)("refuses a state with %s turned into %s", (from, to) => {
    expect(text()).toContain(from);
    expect(parsePersisted(JSON.parse(text().replace(from, to)))).toBeNull();
  });

  test.each([null, 1, "state", [], {}].map((value) => ({ value })))(
    "refuses $value",
    ({ value }) => {
      expect(parsePersisted(value)).toBeNull();
    },
  );
});

test("spanOf() lets no time pass over a reboot", () => {
  expect(spanOf("reboot")).toBe(micros(0));
  expect(spanOf(micros(7))).toBe(micros(7));
});
