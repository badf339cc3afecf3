import { describe, expect, test } from "bun:test";
import { ReadAgain } from "../../../../agent/worker/netlink/read-again.ts";

function readAgain(): ReadAgain {
  return new ReadAgain({ quietUs: 5, waitMaxUs: 50, everyUs: 1_000 });
}

describe("ReadAgain", () => {
  test("is never due before the first reading was asked for", () => {
    expect(readAgain().isDue(1e12)).toBe(false);
  });

  test("is due after quiet, counted from the last event", () => {
    const again = readAgain();
    again.mark(100);
    again.mark(104);
    expect([again.isDue(108), again.isDue(109)]).toEqual([false, true]);
  });

  test("is due at the latest so long after the first event, however many follow", () => {
    const again = readAgain();
    for (let us = 100; us <= 149; us++) again.mark(us);
    expect([again.isDue(149), again.isDue(150)]).toEqual([false, true]);
  });

  test("now() does not wait, and a later event does not make it wait", () => {
    const again = readAgain();
    again.now(100);
    expect(again.isDue(100)).toBe(true);
    again.mark(100);
    expect(again.isDue(100)).toBe(true);
  });

  test("without events it is due once per period", () => {
    const again = readAgain();
    again.now(0);
    again.done(10);
    expect(again.nextDueUs()).toBe(1_010);
    again.mark(20);
    expect(again.nextDueUs()).toBe(25);
    again.done(25);
    expect(again.nextDueUs()).toBe(1_025);
  });
});
