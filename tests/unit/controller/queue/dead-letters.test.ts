import { describe, expect, test } from "bun:test";
import { DEAD_LETTERS_MAX, DeadLetters } from "../../../../agent/controller/queue/dead-letters.ts";
import { instant, unixMillis } from "../../../../agent/domain/units.ts";

function letter(answer: string) {
  const times = { created_at_ms: unixMillis(1), failed_at_ms: unixMillis(2) };
  return { ...times, destination: "a", kind: "metrics", id: "c1", status: 400, answer } as const;
}

describe("DeadLetters", () => {
  test("the same answer only counts, and is written again after a quarter of an hour", () => {
    const letters = new DeadLetters();
    expect(letters.add(letter("bad"), instant(0))).toBe(true);
    letters.written(instant(0));
    expect(letters.add(letter("bad"), instant(1_000_000))).toBe(false);
    expect(letters.isDirty).toBe(true);
    expect(letters.add(letter("bad"), instant(900_000_000))).toBe(true);
    expect(letters.all).toMatchObject([{ answer: "bad", count: 3 }]);
  });

  test("the oldest go, and a long answer is cut", () => {
    const letters = new DeadLetters();
    for (let i = 0; i <= DEAD_LETTERS_MAX; i++) letters.add(letter(`no ${i}`), instant(0));
    expect(letters.all.length).toBe(DEAD_LETTERS_MAX);
    expect(letters.all[0]?.answer).toBe("no 1");
    letters.add(letter("x".repeat(10_000)), instant(0));
    expect(letters.all.at(-1)?.answer.length).toBe(2_048);
  });
});
