/** Slots and numbers: reuse, wrap of the 16 bits, and what stays findable. */

import { describe, expect, test } from "bun:test";
import { CAPACITY_MAX, FULL, Ledger, ledgerCapacity, SLOT } from "../../../agent/worker/ledger.ts";

function counting(): () => number {
  let next = 0;
  return () => next++;
}

describe("Ledger", () => {
  test("next() numbers probes one after the other", () => {
    const ledger = new Ledger(256, counting());
    const numbers = [0, 1, 2].map(() => {
      const slot = ledger.next();
      ledger.open(slot, 9, 0);
      return ledger.number[slot];
    });
    expect(numbers).toEqual([0, 1, 2]);
  });

  test("open() draws a fresh token of two words", () => {
    const ledger = new Ledger(256, counting());
    const slot = ledger.next();
    ledger.open(slot, 3, 5);
    const first = [ledger.tokenA[slot], ledger.tokenB[slot]];
    ledger.open(slot, 3, 6);
    expect([ledger.tokenA[slot], ledger.tokenB[slot]]).not.toEqual(first);
  });

  test("find() compares all 16 bits of the number", () => {
    const ledger = new Ledger(256, counting());
    const slot = ledger.next();
    expect(ledger.find(ledger.number[slot] ?? -1)).toBe(-1);
    ledger.open(slot, 0, 0);
    expect(ledger.find(0)).toBe(slot);
    expect(ledger.find(256)).toBe(-1);
    expect(ledger.find(0xff00)).toBe(-1);
  });

  test("next() passes over slots in flight and takes lingering ones", () => {
    const ledger = new Ledger(256, counting());
    for (let i = 0; i < 256; i++) ledger.open(ledger.next(), i, 0);
    expect(ledger.next()).toBe(FULL);
    ledger.state[77] = SLOT.lingering;
    expect(ledger.next()).toBe(77);
    expect((ledger.number[77] ?? 0) & 255).toBe(77);
  });

  test("the number wraps with probes in flight and stays consistent with the slot", () => {
    const ledger = new Ledger(1_024, counting());
    const held = ledger.next();
    ledger.open(held, 1, 0);
    for (let i = 0; i < 200_000; i++) {
      const slot = ledger.next();
      ledger.open(slot, 0, i);
      expect(slot).not.toBe(held);
      expect((ledger.number[slot] ?? 0) & 1_023).toBe(slot);
      ledger.state[slot] = SLOT.answered;
    }
    expect(ledger.find(ledger.number[held] ?? -1)).toBe(held);
  });
});

describe("ledgerCapacity()", () => {
  test.each([
    [0, 256],
    [128, 256],
    [129, 512],
    [1_000, 2_048],
    [40_000, CAPACITY_MAX],
    [1e9, CAPACITY_MAX],
  ])("of %p unresolved is %p", (unresolved, capacity) => {
    expect(ledgerCapacity(unresolved)).toBe(capacity);
  });
});
