/** HTTP as octets: what no client library would send. */

import type { Socket } from "bun";

export interface RawAnswer {
  readonly text: string;
  /** The other end closed the connection. */
  readonly isClosed: boolean;
}

export class RawConnection {
  #text = "";
  #isClosed = false;
  #wake: () => void = () => {};
  readonly #socket: Socket<undefined>;

  private constructor(socket: Socket<undefined>) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<RawConnection> {
    const handlers = { take: (_: string) => {}, close: () => {} };
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, octets) => handlers.take(new TextDecoder("latin1").decode(octets)),
        close: () => handlers.close(),
        error: () => handlers.close(),
      },
    });
    const connection = new RawConnection(socket);
    handlers.take = (text) => connection.#take(text);
    handlers.close = () => connection.#close();
    return connection;
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Until `isEnough`, the close, or the end of patience. */
  async read(isEnough: (text: string) => boolean, patienceMs = 5_000): Promise<RawAnswer> {
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, patienceMs);
    let isOver = false;
    void patience.promise.then(() => {
      isOver = true;
    });
    while (!isOver && !this.#isClosed && !isEnough(this.#text)) {
      const change = Promise.withResolvers<void>();
      this.#wake = change.resolve;
      await Promise.race([change.promise, patience.promise]);
    }
    clearTimeout(timer);
    return { text: this.#text, isClosed: this.#isClosed };
  }

  end(): void {
    this.#socket.end();
  }

  #take(text: string): void {
    this.#text += text;
    this.#wake();
  }

  #close(): void {
    this.#isClosed = true;
    this.#wake();
  }
}

/** Status codes of the answers in the order they came. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, code]) => Number(code));
}
