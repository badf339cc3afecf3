/** An OTLP receiver on loopback that answers by script: whole answers or raw bytes on the wire. */

import type { Socket } from "node:net";
import { createServer as createTcp } from "node:net";
import { createServer as createTls } from "node:tls";

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** What happens after the body; default: the connection goes on. */
  readonly ending?: "reset" | "never-end";
}

/** reset: before any answer; hang: no answer at all. */
export type Script = Reply | "reset" | "hang";

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Unpacked. */
  readonly body: Uint8Array;
  readonly at: number;
}

export interface ScriptedReceiver {
  readonly url: string;
  readonly port: number;
  readonly requests: ReceivedRequest[];
  /** The next answers, then `answer` again. */
  readonly script: Script[];
  answer: Script;
  close(): Promise<void>;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** `port` 0: any. */
export function startReceiver(port = 0, tls: Certificate | null = null): Promise<ScriptedReceiver> {
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    serve(socket, receiver);
  };
  const server = tls === null ? createTcp(onSocket) : createTls({ ...tls }, onSocket);
  const receiver: ScriptedReceiver = {
    ...{ url: "", port: 0, requests: [], script: [] },
    answer: { status: 200 },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const taken = typeof address === "object" && address !== null ? address.port : 0;
      const scheme = tls === null ? "http" : "https";
      resolve(Object.assign(receiver, { port: taken, url: `${scheme}://127.0.0.1:${taken}` }));
    });
  });
}

function serve(socket: Socket, receiver: ScriptedReceiver): void {
  let buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const found = requestIn(buffer);
      if (found === null) return;
      buffer = buffer.subarray(found.octets);
      receiver.requests.push(found.request);
      reply(socket, receiver.script.shift() ?? receiver.answer);
    }
  });
}

function requestIn(buffer: Buffer): { request: ReceivedRequest; octets: number } | null {
  const end = buffer.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [first = "", ...lines] = buffer.subarray(0, end).toString("latin1").split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const found =
    headers["transfer-encoding"] === "chunked"
      ? chunkedBody(buffer, end + 4)
      : plainBody(buffer, end + 4, Number(headers["content-length"] ?? 0));
  if (found === null) return null;
  const { raw, octets } = found;
  const body = headers["content-encoding"] === "gzip" ? Bun.gunzipSync(raw) : raw;
  const path = first.split(" ")[1] ?? "";
  return { request: { path, headers, body, at: performance.now() }, octets };
}

interface Body {
  readonly raw: Uint8Array<ArrayBuffer>;
  /** Where the next request begins. */
  readonly octets: number;
}

function plainBody(buffer: Buffer, start: number, length: number): Body | null {
  const octets = start + length;
  return buffer.length < octets
    ? null
    : { raw: new Uint8Array(buffer.subarray(start, octets)), octets };
}

function chunkedBody(buffer: Buffer, start: number): Body | null {
  const chunks: Buffer[] = [];
  for (let at = start; ; ) {
    const line = buffer.indexOf("\r\n", at);
    if (line < 0) return null;
    const size = Number.parseInt(buffer.subarray(at, line).toString("latin1"), 16);
    const next = line + 2 + size + 2;
    if (buffer.length < next) return null;
    if (size === 0) return { raw: new Uint8Array(Buffer.concat(chunks)), octets: next };
    chunks.push(buffer.subarray(line + 2, line + 2 + size));
    at = next;
  }
}

function reply(socket: Socket, script: Script): void {
  if (script === "hang") return;
  if (script === "reset") {
    socket.resetAndDestroy();
    return;
  }
  const body = Buffer.from(script.body ?? "");
  const isEndless = script.ending === "never-end";
  // A reset comes in the middle of a body that was announced longer.
  const length = body.byteLength + (script.ending === "reset" ? 100 : 0);
  const headers = {
    ...script.headers,
    ...(isEndless ? { "transfer-encoding": "chunked" } : { "content-length": String(length) }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${script.status} Scripted\r\n${lines.join("")}\r\n`);
  if (isEndless) {
    drip(socket);
    return;
  }
  socket.write(body, () => {
    if (script.ending === "reset") socket.resetAndDestroy();
  });
}

/** A chunk every 20 ms until the client goes. */
function drip(socket: Socket): void {
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(`400\r\n${"x".repeat(1_024)}\r\n`);
  }, 20);
  socket.on("close", () => clearInterval(timer));
}
