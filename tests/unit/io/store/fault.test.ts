import { describe, expect, test } from "bun:test";
import { attempt, faultKindOf, faultOf } from "../../../../agent/io/store/fault.ts";

describe("faultKindOf()", () => {
  const rows = [
    { code: 5, want: "busy" },
    { code: 261, want: "busy" }, // BUSY_RECOVERY
    { code: 8, want: "broken" }, // READONLY
    { code: 778, want: "broken" }, // IOERR_WRITE
    { code: 1034, want: "broken" }, // IOERR_FSYNC
    { code: 11, want: "corrupt" },
    { code: 779, want: "corrupt" }, // CORRUPT_INDEX
    { code: 26, want: "corrupt" }, // NOTADB
    { code: 13, want: "full" },
    { code: 14, want: "broken" }, // CANTOPEN
    { code: 1555, want: "broken" }, // CONSTRAINT_PRIMARYKEY
  ] as const;
  test.each(rows)("faultKindOf($code) is $want", ({ code, want }) => {
    expect(faultKindOf(code)).toBe(want);
  });
});

describe("attempt()", () => {
  test("attempt() turns a fault of the file system into a value with its action", () => {
    const error = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    expect(
      attempt("cannot move x", () => {
        throw error;
      }),
    ).toEqual({
      kind: "fault",
      fault: { kind: "broken", reason: "cannot move x: ENOSPC: no space left on device" },
    });
  });

  test("attempt() lets a bug through", () => {
    expect(faultOf("cannot", new TypeError("x is not a function"))).toBeNull();
    expect(() =>
      attempt("cannot", () => {
        throw new TypeError("x is not a function");
      }),
    ).toThrow(TypeError);
  });
});
