/** Keys travel beside the table that names them, and never to another one. */

import { describe, expect, test } from "bun:test";
import { readHeader } from "../../../agent/wire/frame.ts";
import { encodeStampKey, StampKeys } from "../../../agent/wire/stamp-key.ts";

function feed(keys: StampKeys, frame: Uint8Array): void {
  const header = readHeader(frame);
  if (header === null) throw new Error("not a frame");
  keys.take(frame, header);
}

const octets = (text: string) => new TextEncoder().encode(text);

describe("StampKeys", () => {
  test("of() gives the keys of its epoch by number", () => {
    const keys = new StampKeys();
    feed(keys, encodeStampKey(3, 1, 1, octets("one")));
    feed(keys, encodeStampKey(3, 1, 2, octets("two")));
    expect(keys.of(3)).toEqual(
      new Map([
        [1, octets("one")],
        [2, octets("two")],
      ]),
    );
    expect(keys.of(4)).toEqual(new Map());
  });

  test("take() forgets the keys of the epoch before, and takes no empty key", () => {
    const keys = new StampKeys();
    feed(keys, encodeStampKey(3, 1, 1, octets("one")));
    feed(keys, encodeStampKey(4, 1, 2, new Uint8Array()));
    expect(keys.of(4)).toEqual(new Map());
    expect(keys.of(3)).toEqual(new Map());
  });

  test("a key is a copy: the frame's memory is used again", () => {
    const keys = new StampKeys();
    const frame = encodeStampKey(3, 1, 1, octets("one"));
    feed(keys, frame);
    frame.fill(0);
    expect(keys.of(3).get(1)).toEqual(octets("one"));
  });
});
