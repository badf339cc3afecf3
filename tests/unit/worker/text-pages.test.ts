import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { instant, US_PER_S } from "../../../agent/domain/units.ts";
import { TextPages, textMappings } from "../../../agent/worker/text-pages.ts";

const MAPS = `00200000-05006000 r--p 00000000 fe:00 42   /opt/patronus/patronus-agent
05006000-09e10000 r-xp 04e05000 fe:00 42   /opt/patronus/patronus-agent (deleted)
09e10000-09f00000 rw-p 09c0e000 fe:00 42   /opt/patronus/patronus-agent
7f2c40000000-7f2c40021000 r-xp 00000000 00:00 0
7f2d00000000-7f2d00156000 r-xp 00026000 fe:00 7   /usr/lib/libc.so.6
7ffd1b9fe000-7ffd1ba00000 r-xp 00000000 00:00 0   [vdso]
`;

describe("textMappings()", () => {
  test("is code of files: nothing that may be written, nothing without a file", () => {
    expect(textMappings(MAPS)).toEqual([
      { start: 0x05006000, octets: 0x4e0a000 },
      { start: 0x7f2d00000000, octets: 0x156000 },
    ]);
  });
});

describe("TextPages", () => {
  const textKb = () => {
    const blocks = readFileSync("/proc/self/smaps", "utf8").split(/^(?=[0-9a-f]+-)/m);
    const texts = blocks.filter((block) => / r-xp .*\//.test(block.split("\n")[0] ?? ""));
    return texts.reduce((sum, block) => sum + Number(/^Rss:\s+(\d+)/m.exec(block)?.[1]), 0);
  };

  test("look() gives pages back once after the start and once an hour, and the program goes on", () => {
    const pages = new TextPages();
    pages.look(instant(0));
    pages.look(instant(9 * US_PER_S));
    const before = textKb();
    pages.look(instant(10 * US_PER_S));
    const released = textKb();
    expect(released).toBeLessThan(before / 2);
    expect(JSON.parse('{"a":[1,2,3]}')).toEqual({ a: [1, 2, 3] });
    pages.look(instant(3_600 * US_PER_S));
    expect(textKb()).toBeGreaterThanOrEqual(released);
    pages.look(instant(3_611 * US_PER_S));
    expect(textKb()).toBeLessThan(before / 2);
  });
});
