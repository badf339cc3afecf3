/** The order for the worker's reflector: the key from its file, or off. */

import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

function orderWithKey(text: string, mode = 0o600) {
  const path = join(folder, "key");
  writeFileSync(path, text);
  chmodSync(path, mode);
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

  test("passes the octets of the key file on, without its line end", () => {
    const { frame, problems } = orderWithKey("secret\n");
    expect(decodeJson(frame)).toMatchObject({ key: "736563726574" });
    expect(problems).toEqual([]);
  });

  test("a key that others may read is used and named", () => {
    const { frame, problems } = orderWithKey("secret", 0o644);
    expect(decodeJson(frame)).toMatchObject({ key: "736563726574" });
    expect(problems[0]).toContain("want mode 0600");
  });

  test("an empty key file keeps it off", () => {
    const { frame, problems } = orderWithKey("\n");
    expect(decodeJson(frame)).toBeNull();
    expect(problems[0]).toContain("the reflector is off: cannot use its key file");
  });

  test("a key file that is not there keeps it off", () => {
    const order = orderReflector({ ...CONFIG, key_file: join(folder, "none") });
    expect(decodeJson(order.frame)).toBeNull();
    expect(order.problems[0]).toContain("the reflector is off: cannot use its key file");
  });

  test("the largest key and allow-list fit one frame", () => {
    const path = join(folder, "large");
    writeFileSync(path, "k".repeat(4_096), { mode: 0o600 });
    const prefix = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128";
    const allow = new Array<string>(256).fill(prefix);
    const { frame } = orderReflector({ ...CONFIG, allow, key_file: path });
    expect(decodeJson(frame)).toMatchObject({ config: { allow } });
  });

  test("a port below 1024 needs a capability", () => {
    expect(orderReflector(CONFIG).bindsLowPort).toBe(false);
    const listen = ["127.0.0.1:1024", "[::1]:1023"];
    expect(orderReflector({ ...CONFIG, listen }).bindsLowPort).toBe(true);
  });
});
