import { expect, test } from "bun:test";
import { ExemplarBook } from "../../../../agent/controller/metrics/exemplars.ts";
import { OUTCOME } from "../../../../agent/domain/outcome.ts";
import { OUTCOME_AT, OUTCOME_SIZE } from "../../../../agent/wire/frame.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

function record(series: number, kind: keyof typeof OUTCOME, rttUs: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(OUTCOME_SIZE));
  view.setUint32(0, series, true);
  view.setUint8(OUTCOME_AT.kind, OUTCOME[kind]);
  view.setFloat64(OUTCOME_AT.rttUs, rttUs, true);
  return new Uint8Array(view.buffer);
}

function make() {
  const clock = new FakeClock();
  const looked: number[] = [];
  const book = new ExemplarBook(clock, (series) => {
    looked.push(series);
    return series < 4 ? series >> 1 : null;
  });
  return { clock, looked, book };
}

test("while nobody asks nothing is looked at", () => {
  const { book, looked } = make();
  book.ingested(record(0, "replied", 1_000));
  expect(looked).toEqual([]);
  expect(book.take(0)).toBeNull();
});

test("it is the last reply of the path since the last question, with its time", () => {
  const { book, clock } = make();
  book.take(0);
  const all = [record(0, "replied", 1_000), record(1, "replied", 2_000), record(1, "lost", 0)];
  book.ingested(Buffer.concat(all));
  book.ingested(record(9, "replied", 5));
  expect(book.take(0)).toEqual({ series: 1, seconds: 0.002, unixSeconds: clock.wall() / 1_000 });
  expect(book.take(0)).toBeNull();
  expect(book.take(1)).toBeNull();
});

test("clear() forgets what was of another table", () => {
  const { book } = make();
  book.take(0);
  book.ingested(record(0, "replied", 1_000));
  book.clear();
  expect(book.take(0)).toBeNull();
});
