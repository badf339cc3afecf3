import { expect, test } from "bun:test";
import { programOf } from "../../../../agent/cli/use/cgroup.ts";

test("programOf() sets the mark of the socket and allows it", () => {
  const words = Buffer.from(programOf(0x9e01_0000)).toString("hex");
  // mov32 r2, mark; stx32 [r1+16], r2; mov64 r0, 1; exit
  expect(words).toBe(
    "b40200000000019e" + "6321100000000000" + "b700000001000000" + "9500000000000000",
  );
});
