/** Timelines of a counting reflector: each loss lands on the way it happened. */

import { describe, expect, test } from "bun:test";
import { DirectionWindow, UNCOUNTED } from "../../../agent/scoring/direction.ts";

const RTT = 1_000;

/** A reply to probe `seq` as number `counter` of the reflector. */
function reply(window: DirectionWindow, seq: number, counter: number, forwardUs = Number.NaN) {
  window.replied({
    seq,
    counter: counter === UNCOUNTED ? counter : counter & 0xffff,
    forwardUs,
    rttUs: RTT,
  });
}

function losses(window: DirectionWindow) {
  const { forward_loss_pct, backward_loss_pct } = window.read();
  return [forward_loss_pct, backward_loss_pct];
}

describe("DirectionWindow", () => {
  test("read() knows nothing of a window without replies, or with one", () => {
    const window = new DirectionWindow(10);
    const nothing = {
      one_way_forward_ms: null,
      one_way_backward_ms: null,
      forward_loss_pct: null,
      backward_loss_pct: null,
    };
    expect(window.read()).toEqual(nothing);
    reply(window, 0, 5);
    expect(window.read()).toEqual(nothing);
  });

  test("a probe that got no number was lost on the way there", () => {
    const window = new DirectionWindow(20);
    for (let seq = 0, counter = 100; seq <= 10; seq++) {
      if (seq === 4) window.passed(seq);
      else reply(window, seq, counter++);
    }
    expect(losses(window)).toEqual([10, 0]);
  });

  test("a number that no reply brought was lost on the way back", () => {
    const window = new DirectionWindow(20);
    for (let seq = 0; seq <= 10; seq++) {
      if (seq === 4 || seq === 5) window.passed(seq);
      else reply(window, seq, 100 + seq);
    }
    expect(losses(window)).toEqual([0, 20]);
  });

  test("a stateless reflector says nothing about directions", () => {
    const window = new DirectionWindow(20);
    for (let seq = 0; seq <= 10; seq += 2) reply(window, seq, UNCOUNTED, 300);
    expect(losses(window)).toEqual([null, null]);
    expect(window.read().one_way_forward_ms).toBeCloseTo(0.3, 9);
    expect(window.read().one_way_backward_ms).toBeCloseTo(0.7, 9);
  });

  test("a restarted reflector counts from 0 again without a burst of loss", () => {
    const window = new DirectionWindow(50);
    for (let seq = 0; seq < 10; seq++) reply(window, seq, 5_000 + seq);
    reply(window, 10, 0);
    expect(losses(window)).toEqual([null, null]);
    for (let seq = 11; seq < 20; seq++) reply(window, seq, seq - 10);
    expect(losses(window)).toEqual([0, 0]);
  });

  test("a count from far above half of the 16 bits falls without a burst too", () => {
    const window = new DirectionWindow(50);
    for (let seq = 0; seq < 10; seq++) reply(window, seq, 40_000 + seq);
    for (let seq = 10; seq < 20; seq++) reply(window, seq, seq - 10);
    expect(losses(window)).toEqual([0, 0]);
  });

  test("the wrap of the 16 bits is no restart", () => {
    const window = new DirectionWindow(50);
    for (let seq = 0; seq < 20; seq++) if (seq !== 9) reply(window, seq, 65_530 + seq);
    expect(losses(window)).toEqual([0, 100 / 19]);
  });

  test("replies that overtook each other are no loss, in either direction", () => {
    const back = new DirectionWindow(50);
    for (const seq of [0, 1, 3, 2, 4]) reply(back, seq, 10 + seq);
    expect(losses(back)).toEqual([0, 0]);
    const there = new DirectionWindow(50);
    for (const [seq, counter] of [
      [0, 10],
      [1, 11],
      [3, 12],
      [4, 14],
      [2, 13],
    ] as const) {
      reply(there, seq, counter);
    }
    expect(losses(there)).toEqual([0, 0]);
  });

  test("a doubled request is counted twice by the reflector and is no loss", () => {
    const window = new DirectionWindow(50);
    reply(window, 0, 10);
    reply(window, 1, 11);
    window.duplicated(1);
    reply(window, 2, 13);
    expect(losses(window)).toEqual([0, 0]);
  });

  test("what our own host refused is no loss", () => {
    const window = new DirectionWindow(50);
    reply(window, 0, 10);
    window.unsent(1);
    reply(window, 2, 11);
    expect(losses(window)).toEqual([0, 0]);
  });

  test("probes leave the window, also while nothing is answered", () => {
    const window = new DirectionWindow(10);
    for (let seq = 0; seq < 10; seq++) if (seq !== 5) reply(window, seq, seq, 400);
    expect(losses(window)).toEqual([0, 100 / 9]);
    for (let seq = 10; seq < 16; seq++) reply(window, seq, seq, 400);
    expect(losses(window)).toEqual([0, 0]);
    for (let seq = 16; seq < 26; seq++) window.passed(seq);
    expect(window.read().one_way_forward_ms).toBeNull();
    expect(losses(window)).toEqual([null, null]);
  });

  test("a late class behind the expiry of a probe takes no reply back", () => {
    const window = new DirectionWindow(10);
    reply(window, 0, 7);
    window.passed(1);
    reply(window, 1, 8);
    window.passed(1);
    expect(losses(window)).toEqual([0, 0]);
  });
});
