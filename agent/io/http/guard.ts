/**
 * What is refused before any routing. The runtime hands over requests whose URL is not absolute
 * (HTTP/1.0 without Host, `Host: a b`), and a router then drops the first path segment; a Host that
 * is not ours is DNS rebinding. So: an absolute URL, a known Host, then the right to read or write.
 */

import type { Role } from "../../domain/config.ts";
import { isLoopbackHost, isWildcardHost, parseListen } from "./listen.ts";
import type { Problem } from "./problem.ts";
import { mayAct, neededRole } from "./roles.ts";

/** Over the unix socket the file's mode and its folder have already decided who may speak. */
export type Transport = "tcp" | "unix";

export interface GuardOptions {
  /** "address:port"; null: no TCP listener. */
  readonly listen: string | null;
  /** null: nobody can write over TCP. */
  readonly token: string | null;
  /** Clients with tokens and roles of their own; that of `token` is an admin. */
  readonly clients?: readonly GuardClient[];
  /** Reads need no token although other machines may reach the listener. */
  readonly anonymousRead: boolean;
  /** Names accepted as Host beside the loopback names and the listen address. */
  readonly allowedHosts: readonly string[];
}

export interface GuardClient {
  readonly name: string;
  readonly token: string;
  readonly role: Role;
}

export interface Guard {
  /** null: go on. */
  check(request: Request, transport: Transport): Problem | null;
  /** Whose token a request has; null: it has none that is known. */
  clientOf(request: Request): string | null;
}

/** Octets; no request of this API needs more. */
export const BODY_MAX = 64 * 1024;

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const READS = new Set(["GET", "HEAD"]);
/** Open to everyone who reaches the port: they tell alive or not, and no more. */
const OPEN_PATHS = new Set(["/healthz", "/readyz"]);
/** URL parsers forgive `http:/x` and backslashes; routers do not read them the same way. */
const ABSOLUTE = /^https?:\/\/[^/?#\\@\s]+\//;

export function createGuard(options: GuardOptions): Guard {
  const knowsHost = hostRule(options);
  const openReads = options.anonymousRead || isLocal(options.listen);
  const clients = clientsOf(options);

  function check(request: Request, transport: Transport): Problem | null {
    const url = ABSOLUTE.test(request.url) ? URL.parse(request.url) : null;
    if (url === null) {
      return { kind: "bad-request", detail: "cannot read the URL: send a valid Host header" };
    }
    if (transport === "tcp" && !knowsHost(url, request.headers.get("host"))) {
      const detail = "cannot serve this Host: add it to http.allowed_hosts if it is this box";
      return { kind: "misdirected-request", detail };
    }
    if (Number(request.headers.get("content-length") ?? 0) > BODY_MAX) {
      return { kind: "too-large", detail: `cannot take the body: want at most ${BODY_MAX} octets` };
    }
    if (!READS.has(request.method)) {
      return (
        checkWriteForm(request, url) ?? (transport === "tcp" ? checkToken(request, url) : null)
      );
    }
    if (transport === "unix" || openReads || OPEN_PATHS.has(url.pathname)) return null;
    return checkToken(request, url);
  }

  function checkToken(request: Request, url: URL): Problem | null {
    if (clients.length === 0) {
      const detail = "cannot allow this over TCP without a token: set http.token_file";
      return { kind: "forbidden", detail };
    }
    const client = knownClient(request);
    const needed = neededRole(request.method, url.pathname);
    if (client !== null && mayAct(client.role, needed)) return null;
    if (client !== null) {
      const detail = `cannot allow this to ${client.name}: want role ${needed}, it has ${client.role}`;
      return { kind: "forbidden", detail };
    }
    return {
      kind: "unauthorized",
      detail: "cannot accept the request: want Authorization: Bearer with the token of this agent",
      headers: { "www-authenticate": 'Bearer realm="patronus-agent"' },
    };
  }

  /** Every token is compared, so that the time does not tell which one it was. */
  function knownClient(request: Request): Client | null {
    const given = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (given === undefined) return null;
    const sent = digest(given);
    return clients.filter(({ proof }) => crypto.timingSafeEqual(sent, proof))[0] ?? null;
  }

  return { check, clientOf: (request) => knownClient(request)?.name ?? null };
}

interface Client {
  readonly name: string;
  readonly role: Role;
  readonly proof: Uint8Array;
}

function clientsOf({ token, clients = [] }: GuardOptions): readonly Client[] {
  const admin = token === null ? [] : [{ name: "api token", role: "admin" as const, token }];
  return [...admin, ...clients].map(({ name, role, token: text }) => {
    return { name, role, proof: digest(text) };
  });
}

/** What keeps pages of other sites from writing with a browser's rights, and bodies bounded. */
function checkWriteForm(request: Request, url: URL): Problem | null {
  const { headers } = request;
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site") ?? "none";
  if ((origin !== null && origin !== url.origin) || !["none", "same-origin"].includes(site)) {
    return { kind: "forbidden", detail: "cannot accept a write from another site" };
  }
  if (headers.has("transfer-encoding")) {
    return { kind: "length-required", detail: "cannot take a chunked body: send Content-Length" };
  }
  // A type that forms cannot send, so that a browser asks first, and is told no.
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/json") return null;
  return {
    kind: "unsupported-media-type",
    detail: `cannot read ${type ?? "a body without type"}: want Content-Type application/json`,
  };
}

type HostRule = (url: URL, header: string | null) => boolean;

/** Rebinding needs a name, so a wildcard listener takes every literal address. */
function hostRule(options: GuardOptions): HostRule {
  const listen = options.listen === null ? null : parseListen(options.listen);
  const wildcard = listen !== null && isWildcardHost(listen.hostname);
  const names = [...LOOPBACK_NAMES, ...options.allowedHosts];
  if (listen !== null) names.push(listen.hostname);
  const known = new Set(names.map(hostnameOf).filter((name) => name !== null));
  const isKnown = (hostname: string | null) =>
    hostname !== null && (known.has(hostname) || (wildcard && isLiteral(hostname)));
  return (url, header) => isKnown(url.hostname) && (header === null || isKnown(hostnameOf(header)));
}

/** The normal form of a host with or without port; null: not a host. */
function hostnameOf(host: string): string | null {
  const bare = host.includes(":") && /^[0-9a-f:.]+$/i.test(host) && host.split(":").length > 2;
  const text = `http://${bare ? `[${host}]` : host}/`;
  return ABSOLUTE.test(text) ? (URL.parse(text)?.hostname ?? null) : null;
}

function isLiteral(hostname: string): boolean {
  return hostname.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

function isLocal(listen: string | null): boolean {
  if (listen === null) return true;
  const address = parseListen(listen);
  return address !== null && isLoopbackHost(address.hostname);
}

/** Equal length for the comparison, whatever was sent. */
function digest(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}
