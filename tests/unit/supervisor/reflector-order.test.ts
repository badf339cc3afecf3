/** The order for the worker's reflector: the key from its file, or off. */

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orderReflector } from "../../../agent/supervisor/reflector-order.ts";
import { decodeJson, FRAME, readHeader } from "../../../agent/wire/frame.ts";

const folder = mkdtempSync(join(tmpdir(), "reflector-order-"));
afterAll(() => rmSync(folder, { recursive: true }));

const CONFIG = {
  listen: ["127.0.0.1:8620"],
  allow: [],
  key_file: null,
  stateful: false,
  rate: 100,
} as const;

function orderWithKey(text: string) {
  const path = join(folder, "key");
  writeFileSync(path, text);
  return orderReflector({ ...CONFIG, key_file: path });
}

describe("orderReflector()", () => {
  test("passes the configuration on as it is", () => {
    const { frame, problems } = orderReflector(CONFIG);
    expect(readHeader(frame)?.type).toBe(FRAME.reflector);
    expect(decodeJson(frame)).toEqual({ config: CONFIG, key: null });
    expect(problems).toEqual([]);
  });

  test("null switches it off", () => {
    expect(decodeJson(orderReflector(null).frame)).toBeNull();
  });

  test("reads the key, with or without a line end", () => {
    for (const end of ["", "\n", "\r\n"]) {
      const { frame } = orderWithKey(`${"0aF".repeat(12)}${end}`);
      expect(decodeJson(frame)).toMatchObject({ key: "0aF".repeat(12) });
    }
  });

  test.each(["", "secret", "0a".repeat(15), "0a".repeat(65), `${"0a".repeat(16)}0`])(
    "a key of %p keeps it off and says what is wanted, not what it read",
    (text) => {
      const { frame, problems } = orderWithKey(text);
      expect(decodeJson(frame)).toBeNull();
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain("32 to 128 hexadecimal digits");
      if (text !== "") expect(problems[0]).not.toContain(text);
    },
  );

  test("a key file that is not there keeps it off", () => {
    const order = orderReflector({ ...CONFIG, key_file: join(folder, "none") });
    expect(decodeJson(order.frame)).toBeNull();
    expect(order.problems[0]).toContain("the reflector is off: cannot read its key");
  });

  test("a port below 1024 needs a capability", () => {
    expect(orderReflector(CONFIG).bindsLowPort).toBe(false);
    const listen = ["127.0.0.1:1024", "[::1]:1023"];
    expect(orderReflector({ ...CONFIG, listen }).bindsLowPort).toBe(true);
  });
});
