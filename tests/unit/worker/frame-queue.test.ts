/** A controller that does not read: order kept, memory bounded, drops counted. */

import { describe, expect, test } from "bun:test";
import { FrameQueue, QUEUE_OCTETS_MAX } from "../../../agent/worker/frame-queue.ts";

function setUp() {
  const sent: number[] = [];
  const socket = { room: 1_000 };
  const octetsSent: number[] = [];
  const queue = new FrameQueue((frame, octets) => {
    if (socket.room === 0) return -11;
    socket.room--;
    sent.push(frame[0] ?? -1);
    octetsSent.push(octets);
    return octets;
  });
  return { queue, sent, octetsSent, socket };
}

describe("FrameQueue", () => {
  test("push() sends at once while there is room", () => {
    const { queue, sent } = setUp();
    queue.push(Uint8Array.of(1));
    queue.push(Uint8Array.of(2));
    expect(sent).toEqual([1, 2]);
    expect([queue.held, queue.dropped, queue.isWaiting]).toEqual([0, 0, false]);
  });

  test("a held frame is a copy and leaves before later ones", () => {
    const { queue, sent, socket } = setUp();
    socket.room = 0;
    const reused = Uint8Array.of(1);
    queue.push(reused);
    reused[0] = 9;
    socket.room = 10;
    queue.push(Uint8Array.of(2));
    expect(sent).toEqual([]);
    queue.drain();
    expect(sent).toEqual([1, 2]);
    expect([queue.held, queue.isWaiting]).toEqual([2, false]);
  });

  test("only the given octets of a buffer are kept", () => {
    const { queue, socket, octetsSent } = setUp();
    socket.room = 0;
    queue.push(new Uint8Array(32), 5);
    socket.room = 1;
    queue.drain();
    expect(octetsSent).toEqual([5]);
  });

  test("drain() stops where the room ends and goes on later", () => {
    const { queue, sent, socket } = setUp();
    socket.room = 0;
    for (const i of [1, 2, 3]) queue.push(Uint8Array.of(i));
    socket.room = 2;
    queue.drain();
    expect(sent).toEqual([1, 2]);
    expect(queue.isWaiting).toBe(true);
    socket.room = 1;
    queue.drain();
    expect(sent).toEqual([1, 2, 3]);
  });

  test("a full queue drops new records, counts them and recovers its room", () => {
    const { queue, sent, socket } = setUp();
    socket.room = 0;
    const frame = new Uint8Array(32 * 1024);
    const fitting = QUEUE_OCTETS_MAX / frame.byteLength;
    for (let i = 0; i < fitting + 3; i++) queue.push(frame, frame.byteLength, 100);
    expect([queue.held, queue.dropped]).toEqual([fitting, 300]);
    socket.room = 1_000;
    queue.drain();
    expect(sent).toHaveLength(fitting);
    queue.push(frame, frame.byteLength, 100);
    expect(queue.dropped).toBe(300);
  });
});
