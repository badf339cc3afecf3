/**
 * One end of a SOCK_SEQPACKET pair on the event loop: whole frames in, whole frames out. `write`
 * takes a message whole or not at all, so what does not fit waits in a queue and goes on in
 * `drain`.
 */

export interface FrameSocket {
  /** Never blocks. Frames beyond the queue's bound are dropped and counted. */
  send(frame: Uint8Array): void;
  close(): void;
  readonly dropped: number;
}

export interface FrameHandlers {
  /** The bytes are valid during the call only. */
  frame(bytes: Uint8Array): void;
  /** The other end is gone. */
  end(): void;
}

/** A full probe table of 10,000 rows is 40 frames; beyond this the peer has stopped reading. */
const QUEUE_MAX = 1_024;

export async function openFrameSocket(fd: number, handlers: FrameHandlers): Promise<FrameSocket> {
  const queue: Uint8Array[] = [];
  let dropped = 0;
  const drain = (): void => {
    while (queue[0] !== undefined && socket.write(queue[0]) > 0) queue.shift();
  };
  const socket = await Bun.connect<undefined>({
    fd,
    socket: {
      binaryType: "uint8array",
      data: (_socket, bytes) => handlers.frame(bytes),
      drain,
      close: () => handlers.end(),
      error: () => handlers.end(),
    },
  });
  return {
    send(frame) {
      if (queue.length >= QUEUE_MAX) {
        dropped++;
        return;
      }
      queue.push(frame);
      drain();
    },
    close() {
      socket.end();
    },
    get dropped() {
      return dropped;
    },
  };
}
