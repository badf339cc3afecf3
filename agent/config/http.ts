/** Where the agent answers, and who may ask. */

import { parseAddress } from "../domain/address.ts";
import type { HttpConfig, TlsConfig } from "../domain/config.ts";
import { FILE_FORM, isHostName, parseListen } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { Section, TextForm } from "./section.ts";
import {
  has,
  itemAt,
  readFlag,
  readText,
  readTexts,
  rejectKey,
  requireText,
  subsection,
  textForm,
} from "./section.ts";

export const DEFAULT_HTTP: HttpConfig = {
  listen: "127.0.0.1:9477",
  socket: "/run/patronus/agent.sock",
  token_file: null,
  allow_anonymous_read: false,
  allowed_hosts: [],
  tls: null,
};

const LISTEN_FORM: TextForm = {
  want: `address:port such as "127.0.0.1:9477" or "[::1]:9477", or null`,
  accepts: (text) => parseListen(text) !== null,
};
const HOST_FORM: TextForm = {
  want: "a name or an address, without port",
  accepts: (text) => isHostName(text) || parseAddress(text) !== null,
};
/** sun_path of unix(7) has 108 octets with the final zero. */
const SOCKET_FORM = textForm(/^\/[!-~]{1,106}$/, "an absolute path of at most 107 characters");

export function readHttp(root: Section<KeyOf<"root">>): HttpConfig {
  const section = subsection(root, "http", KEYS.http);
  const http = {
    listen: readListen(section),
    socket: readText(section, "socket", SOCKET_FORM, DEFAULT_HTTP.socket),
    token_file: readText(section, "token_file", FILE_FORM, null),
    allow_anonymous_read: readFlag(section, "allow_anonymous_read", false),
    allowed_hosts: readTexts(section, "allowed_hosts", HOST_FORM),
    tls: readTls(section),
  };
  rejectOpenDoor(section, http);
  return http;
}

function readListen(section: Section<KeyOf<"http">>): string | null {
  if (!section.map.entries.has("listen")) return DEFAULT_HTTP.listen;
  return readText(section, "listen", LISTEN_FORM, null);
}

/** What answers to the network asks for a token, or says that it does not. */
function rejectOpenDoor(section: Section<KeyOf<"http">>, http: HttpConfig): void {
  const address = http.listen === null ? null : parseListen(http.listen);
  if (address === null || address.loopback) return;
  if (http.token_file !== null || http.allow_anonymous_read) return;
  if (http.tls !== null && http.tls.client_ca_file !== null) return;
  if (itemAt(section, "token_file").raw.kind === "rejected" || has(section, "token_file")) return;
  const message =
    `cannot open "${http.listen}" to everybody: ` +
    "want token_file, tls.client_ca_file, allow_anonymous_read: true, or a loopback address";
  rejectKey(section, "listen", message);
}

/** null: plain HTTP. */
function readTls(section: Section<KeyOf<"http">>): TlsConfig | null {
  if (!has(section, "tls")) return null;
  const tls = subsection(section, "tls", KEYS.tls);
  const [cert, key] = [
    requireText(tls, "cert_file", FILE_FORM),
    requireText(tls, "key_file", FILE_FORM),
  ];
  const ca = readText(tls, "client_ca_file", FILE_FORM, null);
  return { cert_file: cert ?? "", key_file: key ?? "", client_ca_file: ca };
}
