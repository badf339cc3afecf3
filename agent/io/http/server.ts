/**
 * Binds the app to TCP and to the unix socket. A listener that cannot be had is a problem that the
 * status names, not an end: probing does not need it.
 */

import { chmodSync } from "node:fs";
import type { Log } from "../../controller/ports.ts";
import type { TlsConfig } from "../../domain/config.ts";
import type { HttpApp } from "./app.ts";
import { internalError } from "./app.ts";
import type { Transport } from "./guard.ts";
import { BODY_MAX } from "./guard.ts";
import { parseListen } from "./listen.ts";
import type { TlsResult } from "./tls.ts";
import { clearPlace, inodeOf, removeOwn } from "./unix-socket.ts";

export interface HttpListeners {
  /** "address:port"; null: no TCP. */
  readonly listen: string | null;
  /** Path of the unix socket; "": none. */
  readonly socket: string;
  /** PEM files of the TCP listener; null or absent: plain HTTP. */
  readonly tls?: TlsConfig | null;
}

export interface HttpServer {
  /** Where it serves, with the port that the kernel chose for port 0. */
  readonly urls: readonly string[];
  /** Listeners that are missing, as sentences for the operator. */
  readonly problems: readonly string[];
  /** Closes listeners and connections and removes the socket. */
  stop(): Promise<void>;
}

/** Seconds without traffic before a connection is closed. */
const IDLE_TIMEOUT_S = 10;
/** Owner and group: who is in the group may control the agent. */
const SOCKET_MODE = 0o660;
const SOCKET_UMASK = 0o117;

type Listening =
  | { readonly kind: "listening"; readonly url: string; stop(): Promise<void> }
  | { readonly kind: "failed"; readonly reason: string };

export async function serveHttp(
  app: HttpApp,
  listeners: HttpListeners,
  log: Log,
): Promise<HttpServer> {
  const results: Listening[] = [];
  if (listeners.socket !== "") results.push(await listenUnix(app, listeners.socket, log));
  if (listeners.listen !== null)
    results.push(await listenTcp(app, listeners.listen, { tls: listeners.tls ?? null, log }));
  const open = results.filter((result) => result.kind === "listening");
  const failed = results.filter((result) => result.kind === "failed");
  for (const { reason } of failed) log.error("a listener is missing", { reason });
  return {
    urls: open.map(({ url }) => url),
    problems: failed.map(({ reason }) => reason),
    async stop() {
      await Promise.all(open.map((listener) => listener.stop()));
    },
  };
}

/** Loaded with the first certificate: node:crypto is 1.5 MB of memory. */
async function settledTls(tls: TlsConfig): Promise<TlsResult> {
  return (await import("./tls.ts")).readTls(tls);
}

interface TcpOptions {
  readonly tls: TlsConfig | null;
  readonly log: Log;
}

async function listenTcp(
  app: HttpApp,
  listen: string,
  { tls, log }: TcpOptions,
): Promise<Listening> {
  const address = parseListen(listen);
  if (address === null) {
    return { kind: "failed", reason: `cannot listen on "${listen}": want address:port` };
  }
  const settled = tls === null ? null : await settledTls(tls);
  // Never plain where TLS was asked for.
  if (settled?.kind === "failed") return { kind: "failed", reason: settled.reason };
  try {
    const server = Bun.serve({
      ...settings(app, "tcp", log),
      ...address,
      idleTimeout: IDLE_TIMEOUT_S,
      // The default outside of development is to share the port with whoever else binds it.
      reusePort: false,
      ...(settled === null ? {} : { tls: settled.options }),
    });
    const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
    const url = `${settled === null ? "http" : "https"}://${host}:${server.port}/`;
    return { kind: "listening", url, stop: () => server.stop(true) };
  } catch (error) {
    return { kind: "failed", reason: `cannot listen on ${listen}: ${messageOf(error)}` };
  }
}

async function listenUnix(app: HttpApp, path: string, log: Log): Promise<Listening> {
  // Without this the socket would be open to others until its mode is set.
  let umask: number | null = null;
  try {
    const place = await clearPlace(path);
    if (place.kind === "taken") return { kind: "failed", reason: place.reason };
    umask = process.umask(SOCKET_UMASK);
    const server = Bun.serve({ ...settings(app, "unix", log), unix: path });
    chmodSync(path, SOCKET_MODE);
    const inode = inodeOf(path);
    const stop = async () => {
      await server.stop(true);
      removeOwn(path, inode);
    };
    return { kind: "listening", url: `unix:${path}`, stop };
  } catch (error) {
    return { kind: "failed", reason: `cannot listen on ${path}: ${messageOf(error)}` };
  } finally {
    if (umask !== null) process.umask(umask);
  }
}

function settings(app: HttpApp, transport: Transport, log: Log) {
  return {
    development: false,
    maxRequestBodySize: BODY_MAX,
    fetch(request: Request, server: Pick<Bun.Server<undefined>, "requestIP">) {
      if (transport === "unix") return app.fetch(request, { transport });
      const client = server.requestIP(request)?.address ?? "gone";
      return app.fetch(request, { transport, client });
    },
    error: (error: unknown) => internalError(error, log),
  } as const;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
