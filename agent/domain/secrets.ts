/**
 * What must not leave the box in a log, a status or a dump, told by the name of its key and by its
 * form. Better one harmless value hidden than one token shown.
 */

export const MASK = "********";

const WORDS = [
  "token|secret|auth|authorization|cookie|credentials?|psk|apikey",
  "pass|passwd|password|passphrase",
  "(api|private|access|signing|routing|integration)[_-]?key",
];
const SECRET_NAME = new RegExp(`(^|[_.-])(${WORDS.join("|")})s?$`, "i");
/** Names of maps whose values are all secrets, such as the headers of an HTTP request. */
const SECRET_MAPS = /(^|[_.-])headers?$/i;
const URL_FORM = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)([^\s"'<>]+)/gi;
/** Segments of this length with letters and digits are keys of webhooks, not words. */
const TOKEN_FORM = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_~=-]{12,}$/;

/** `name` holds a secret itself. A file that holds one (`token_file`) does not. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

export function isSecretMap(name: string): boolean {
  return SECRET_MAPS.test(name);
}

/** Passwords, queries and keys inside of the addresses of a text are masked; the rest stays. */
export function maskUrls(text: string): string {
  return text.replace(URL_FORM, (_, scheme: string, rest: string) => scheme + maskAddress(rest));
}

function maskAddress(rest: string): string {
  const [, authority = "", path = "", tail = ""] = /^([^/?#]*)([^?#]*)(.*)$/.exec(rest) ?? [];
  const at = authority.lastIndexOf("@");
  const host = at < 0 ? authority : `${MASK}${authority.slice(at)}`;
  const segments = path.split("/").map((segment) => (TOKEN_FORM.test(segment) ? MASK : segment));
  return `${host}${segments.join("/")}${tail === "" ? "" : `?${MASK}`}`;
}

/** A copy of plain JSON without secrets. */
export function masked(value: unknown, name = ""): unknown {
  if (value !== null && value !== "" && isSecretName(name)) return MASK;
  if (typeof value === "string") return maskUrls(value);
  if (Array.isArray(value)) return value.map((one) => masked(one));
  if (typeof value !== "object" || value === null) return value;
  const isSecret = isSecretMap(name);
  const entries = Object.entries(value).map(([key, one]: [string, unknown]) => [
    key,
    isSecret ? MASK : masked(one, key),
  ]);
  return Object.fromEntries(entries);
}
