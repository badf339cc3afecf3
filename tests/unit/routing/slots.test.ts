import { describe, expect, test } from "bun:test";
import { OUR_PROTOCOL } from "../../../agent/domain/kernel-net.ts";
import { desiredState } from "../../../agent/routing/desired.ts";
import type { SlotBook, SlotWishes } from "../../../agent/routing/slots.ts";
import { assignSlots } from "../../../agent/routing/slots.ts";
import {
  box,
  gatewaysNow,
  PATHS,
  path,
  plan,
  policy,
  route,
  rule,
  selector,
} from "../../support/routing.ts";

const EMPTY: SlotBook = { paths: new Map(), policies: new Map() };
const ALL = [selector({ to: "default" })];

function wishes(
  paths: Readonly<Record<string, string>>,
  policies: readonly number[] = [],
): SlotWishes {
  return {
    paths: Object.entries(paths).map(([id, device]) => ({ id, device })),
    policies: policies.map((id) => ({ id, selectors: ALL })),
  };
}

function book(paths: Readonly<Record<string, number>>, policies: readonly [number, number][] = []) {
  return { paths: new Map(Object.entries(paths)), policies: new Map(policies) };
}

describe("assignSlots()", () => {
  test("counts paths from 1 and policies from 0", () => {
    const { book } = assignSlots(wishes({ fiber: "wan0", lte: "wan1" }, [7, 3]), EMPTY, box());
    expect([...book.paths]).toEqual([
      ["fiber", 1],
      ["lte", 2],
    ]);
    expect([...book.policies]).toEqual([
      [7, 0],
      [3, 1],
    ]);
  });

  test("keeps what is persisted, whatever the order now", () => {
    const known = book({ lte: 1, fiber: 9 }, [[3, 5]]);
    const { book: next } = assignSlots(wishes({ fiber: "wan0", lte: "wan1" }, [3]), known, box());
    expect(Object.fromEntries(next.paths)).toEqual({ fiber: 9, lte: 1 });
    expect(next.policies.get(3)).toBe(5);
  });

  test("learns lost slots from our own rules", () => {
    const paths = [path(12, "fiber", "wan0"), path(4, "lte", "wan1")];
    const policies = [
      policy({ id: 1, slot: 8, selectors: [selector({ iif: "lan" })] }),
      policy({ id: 2, slot: 3 }),
    ];
    const before = { paths, policies };
    const facts = { ...box(), rules: desiredState(before, box(), gatewaysNow(paths, box())).rules };
    const wanted = { paths, policies };
    const { book } = assignSlots(wanted, EMPTY, facts);
    expect(Object.fromEntries(book.paths)).toEqual({ fiber: 12, lte: 4 });
    expect(Object.fromEntries(book.policies)).toEqual({ 1: 8, 2: 3 });
  });

  test("does not learn from rules of others or at another priority", () => {
    const rules = [
      rule(4, 1021, { oif: "wan0", table: 1005 }),
      rule(4, 1022, { oif: "wan0", table: 1006, protocol: OUR_PROTOCOL }),
    ];
    const { book } = assignSlots(wishes({ fiber: "wan0" }), EMPTY, box({ rules }));
    expect(book.paths.get("fiber")).toBe(1);
  });

  test("gives a new one neither the slot of an absent owner nor one with traces", () => {
    const rules = [rule(4, 1009, { oif: "gone0", table: 1002, protocol: OUR_PROTOCOL })];
    const known = book({ old: 1 });
    const { book: next } = assignSlots(wishes({ fiber: "wan0" }), known, box({ rules }));
    expect(Object.fromEntries(next.paths)).toEqual({ fiber: 3, old: 1 });
  });

  test("stays away from tables that others use", () => {
    const rules = [rule(4, 500, { table: 158, fwmark: 1, fwmask: 1 })];
    const routes = [route(4, { table: 159, oif: 4, protocol: 4 })];
    const { book } = assignSlots(wishes({}, [1]), EMPTY, box({ rules, routes }));
    expect(book.policies.get(1)).toBe(2);
  });

  test("an absent owner loses its slot only when all others are taken", () => {
    const many = Array.from({ length: 61 }, (_, i) => i + 100);
    const { book: next } = assignSlots(wishes({}, many.slice(1)), book({}, [[1, 30]]), box());
    expect(next.policies.get(1)).toBe(30);
    const full = assignSlots(wishes({}, many), book({}, [[1, 30]]), box());
    expect(full.book.policies.has(1)).toBe(false);
    expect(full.policiesLeftOver).toEqual([]);
    expect(new Set(full.book.policies.values()).size).toBe(61);
  });

  test("names who is left over", () => {
    const many = Array.from({ length: 62 }, (_, i) => i);
    expect(assignSlots(wishes({}, many), EMPTY, box()).policiesLeftOver).toEqual([61]);
  });

  test.each([0, 201, 1.5, Number.NaN])("does not believe a book that says %p", (slot) => {
    const { book: next } = assignSlots(wishes({ fiber: "wan0" }), book({ fiber: slot }), box());
    expect(next.paths.get("fiber")).toBe(1);
  });

  test("does not believe a book that gives one slot twice", () => {
    const known = book({ fiber: 5, lte: 5 });
    const { book: next } = assignSlots(wishes({ fiber: "wan0", lte: "wan1" }), known, box());
    expect(Object.fromEntries(next.paths)).toEqual({ fiber: 5, lte: 1 });
  });

  test("is stable: its own book gives the same slots again", () => {
    const wanted = { paths: PATHS, policies: plan().policies };
    const first = assignSlots(wanted, EMPTY, box());
    expect(assignSlots(wanted, first.book, box()).book).toEqual(first.book);
  });
});
