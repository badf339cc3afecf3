/** struct mmsghdr[] as the kernel reads it: pointers, lengths, and no overlap. */

import { describe, expect, test } from "bun:test";
import { MessageBlock } from "../../../agent/worker/message-layout.ts";

function pointer(block: MessageBlock, at: number): number {
  return Number(new DataView(block.bytes.buffer).getBigUint64(at, true)) - block.address;
}

describe("MessageBlock", () => {
  const block = new MessageBlock({ count: 3, control: 64, payload: 24 });

  test("headers point at names, vectors and control areas of their own", () => {
    for (const i of [0, 1, 2]) {
      const header = i * 64;
      expect(pointer(block, header)).toBe(block.nameAt(i));
      const iovec = pointer(block, header + 16);
      expect(pointer(block, iovec)).toBe(block.payloadAt(i));
      expect(block.words[(iovec >>> 2) + 2]).toBe(24);
      expect(block.words[(header >>> 2) + 6]).toBe(1);
      expect(pointer(block, header + 32)).toBe(block.controlAt(i));
      expect(block.controlOctets(i)).toBe(64);
      expect(block.nameOctets(i)).toBe(32);
    }
  });

  test("areas do not overlap and are aligned", () => {
    const starts = [0, 1, 2].flatMap((i) => [
      block.nameAt(i),
      block.controlAt(i),
      block.payloadAt(i),
    ]);
    expect(new Set(starts).size).toBe(9);
    expect(starts.every((at) => at % 8 === 0)).toBe(true);
    expect(block.payloadAt(2) + 24).toBe(block.bytes.byteLength);
  });

  test("rearm() restores what the kernel overwrote", () => {
    block.words[64 / 4 + 2] = 16;
    block.words[64 / 4 + 10] = 0;
    block.rearm(1);
    expect([block.nameOctets(1), block.controlOctets(1)]).toEqual([32, 64]);
  });

  test("setTail() adds and removes a second vector", () => {
    block.setTail(2, 0x7fff_1234_5678, 100);
    const iovec = pointer(block, 2 * 64 + 16);
    const view = new DataView(block.bytes.buffer);
    expect(view.getBigUint64(iovec + 16, true)).toBe(0x7fff_1234_5678n);
    expect(view.getBigUint64(iovec + 24, true)).toBe(100n);
    expect(block.words[(2 * 64) / 4 + 6]).toBe(2);
    block.setTail(2, 0, 0);
    expect(block.words[(2 * 64) / 4 + 6]).toBe(1);
  });

  test("a block without control areas has no control pointers", () => {
    const plain = new MessageBlock({ count: 1, control: 0, payload: 8 });
    expect(new DataView(plain.bytes.buffer).getBigUint64(32, true)).toBe(0n);
    expect(plain.controlOctets(0)).toBe(0);
  });
});
