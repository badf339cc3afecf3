/**
 * Frames to the controller without ever waiting for it: what the socket does not take now waits in
 * a bounded queue, in order; when that is full, new outcome records are dropped and counted. A
 * stopped controller costs memory up to the bound, never a missed probe.
 */

/** Sends the first `octets` of a buffer. Octets sent, or -errno. */
export type SendFrame = (frame: Uint8Array, octets: number) => number;

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

  /**
   * Sends the first `octets` of a buffer, or copies them; `records` are counted as dropped when
   * there is no room. The buffer may be used again afterwards.
   */
  push(frame: Uint8Array, octets = frame.byteLength, records = 0): void {
    if (!this.isWaiting && this.#send(frame, octets) >= 0) return;
    if (this.#octets + octets > QUEUE_OCTETS_MAX) {
      this.dropped += records;
      return;
    }
    this.#waiting.push(frame.slice(0, octets));
    this.#octets += octets;
    this.held++;
  }

  /** The socket has room again. */
  drain(): void {
    let sent = 0;
    for (const frame of this.#waiting) {
      if (this.#send(frame, frame.byteLength) < 0) break;
      this.#octets -= frame.byteLength;
      sent++;
    }
    this.#waiting = this.#waiting.slice(sent);
  }
}
