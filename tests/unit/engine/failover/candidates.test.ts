import { describe, expect, test } from "bun:test";
import {
  chooseEmergency,
  chooseSoft,
  firstWithCarrier,
} from "../../../../agent/engine/failover/candidates.ts";
import type { Contender } from "../../../../agent/engine/failover/contender.ts";
import { PathStanding } from "../../../../agent/engine/failover/standing.ts";
import type { State, Told } from "../../../support/failover-steps.ts";
import { condition, policyConfig, seconds } from "../../../support/failover-steps.ts";

const NOW = seconds(100);
const standing = new PathStanding(policyConfig());

interface Row {
  readonly state: State;
  readonly told?: Told;
  readonly maintenance?: boolean;
  readonly refusal?: string;
}

/** Paths a, b, c in order of priority. */
function paths(...rows: readonly (State | Row)[]): Contender[] {
  return rows.map((given, i) => {
    const row: Row = typeof given === "object" ? given : { state: given };
    const told = condition("abc".charAt(i), row.state, NOW, row.told);
    const { maintenance = false, refusal = null } = row;
    return { path: told.path, condition: told, refusal, maintenance, standing };
  });
}

function emergency(others: readonly Contender[], doubt = 99, certain = false): string {
  const choice = chooseEmergency(others, 50, { since: seconds(doubt), certain }, NOW);
  if (choice.kind === "nobody") return "nobody";
  const unproven = choice.kind === "chosen" && choice.unproven ? " unproven" : "";
  return `${choice.kind} ${choice.contender.path}${unproven}`;
}

const rows = [
  { name: "the first usable one, not the best", others: paths(50, 99), want: "chosen a" },
  { name: "one on the line", others: paths(49.9, 50), want: "chosen b" },
  { name: "the best known one below the line", others: paths(20, 30), want: "chosen b" },
  { name: "of equals the first", others: paths(30, 30), want: "chosen a" },
  { name: "a known bad one over an unknown one", others: paths("unknown", 5), want: "chosen b" },
  {
    name: "an unknown one over one whose window holds no reply",
    others: paths(0, "unknown"),
    want: "chosen b unproven",
  },
  { name: "nobody where all are down", others: paths("probes", "carrier"), want: "nobody" },
  {
    name: "nobody in maintenance or refused",
    others: paths({ state: 90, maintenance: true }, { state: 90, refusal: "no" }),
    want: "nobody",
  },
] as const;

describe("chooseEmergency()", () => {
  test.each(rows)("rule 5: takes $name", ({ others, want }) => {
    expect(emergency(others)).toBe(want);
  });

  const stale = { state: 90, told: { silent: 3.1 } };
  const answered = { state: 90, told: { silent: 0.5 } };
  const doubts = [
    { name: "waits for the burst", others: paths(stale), doubt: 99.5, want: "wait a" },
    { name: "takes who answered it", others: paths(stale, answered), doubt: 99, want: "chosen b" },
    { name: "waits no longer than a second", others: paths(stale), doubt: 99, want: "nobody" },
    {
      name: "takes a fresh one without waiting",
      others: paths({ state: 90, told: { silent: 3 } }),
      doubt: 100,
      want: "chosen a",
    },
    {
      name: "waits for one that is in doubt itself",
      others: paths({ state: 90, told: { suspect: true } }),
      doubt: 99.5,
      want: "wait a",
    },
    {
      name: "goes to the next tier when the burst stays unanswered",
      others: paths(stale, { state: 10 }),
      doubt: 99,
      want: "chosen b",
    },
  ];
  test.each(doubts)("rule 5: $name", ({ others, doubt, want }) => {
    expect(emergency(others, doubt)).toBe(want);
  });

  test("rule 5: a cut cable waits for no burst", () => {
    expect(emergency(paths(stale), 100, true)).toBe("chosen a");
  });
});

describe("chooseSoft()", () => {
  const margin = { line: 50, minImprovement: 15 };
  const soft = [
    { name: "the first usable one that is better enough", others: paths(64, 65, 99), want: "b" },
    {
      name: "the best by the margin where none is usable",
      active: 20,
      others: paths(40, 45),
      want: "b",
    },
    { name: "a usable one over a better one", active: 30, others: paths(50, 49), want: "a" },
    { name: "nobody better by less", others: paths(64.9, 30), want: "a is too close" },
    { name: "nobody where none is usable", active: 40, others: paths(49, 30), want: "nobody" },
    { name: "no unknown one", others: paths("unknown"), want: "nobody" },
    {
      name: "no suspect one",
      others: paths({ state: 99, told: { suspect: true } }),
      want: "nobody",
    },
    { name: "no dead one", others: paths("probes"), want: "nobody" },
    {
      name: "none in maintenance",
      others: paths({ state: 99, maintenance: true }),
      want: "nobody",
    },
  ];
  test.each(soft)("rule 2: takes $name", ({ active = 50, others, want }) => {
    const choice = chooseSoft(others, active, margin);
    const close = choice.kind === "too-close" ? " is too close" : "";
    const got = choice.kind === "nobody" ? "nobody" : `${choice.contender.path}${close}`;
    expect(got).toBe(want);
  });
});

describe("firstWithCarrier()", () => {
  test.each([
    { others: paths("carrier", "unknown", 90), want: "b" },
    { others: paths("admin-down", "probes", "no-gateway"), want: "b" },
    { others: paths("carrier", "admin-down", "no-gateway"), want: undefined },
  ])("rule 4: finds $want", ({ others, want }) => {
    expect<string | undefined>(firstWithCarrier(others)?.path).toBe(want);
  });
});
