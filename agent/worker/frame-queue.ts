/**
 * Frames to the controller without ever waiting for it: what the socket does not take now waits in
 * a bounded queue, in order; when that is full, new outcome records are dropped and counted. A
 * stopped controller costs memory up to the bound, never a missed probe.
 */

/** Octets sent, or -errno. */
export type SendFrame = (frame: Uint8Array) => number;

/** One socket buffer's worth again. */
export const QUEUE_OCTETS_MAX = 1024 * 1024;

export class FrameQueue {
  readonly #send: SendFrame;
  #waiting: Uint8Array[] = [];
  #octets = 0;
  /** Frames that had to wait. */
  held = 0;
  /** Outcome records that found no room. */
  dropped = 0;

  constructor(send: SendFrame) {
    this.#send = send;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Sends or copies the frame; `records` are counted when there is no room for it. */
  push(frame: Uint8Array, records = 0): void {
    if (!this.isWaiting && this.#send(frame) >= 0) return;
    if (this.#octets + frame.byteLength > QUEUE_OCTETS_MAX) {
      this.dropped += records;
      return;
    }
    this.#waiting.push(frame.slice());
    this.#octets += frame.byteLength;
    this.held++;
  }

  /** The socket has room again. */
  drain(): void {
    let sent = 0;
    for (const frame of this.#waiting) {
      if (this.#send(frame) < 0) break;
      this.#octets -= frame.byteLength;
      sent++;
    }
    this.#waiting = this.#waiting.slice(sent);
  }
}
