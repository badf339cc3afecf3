/**
 * Takes secrets out of text that nobody has read: log lines, answers of programs. Known values go
 * by their letters, unknown ones by what stands before them. Every pattern is bounded: a dump must
 * not hang on what it was asked to show.
 */

import { MASK, maskUrls } from "./secrets.ts";

/** A shorter one would take harmless words along; such a secret is none. */
const KNOWN_MIN = 4;

const PEM = /-----BEGIN ([A-Z ]{0,40}PRIVATE KEY)-----[\s\S]*?(-----END \1-----|$)/g;
const BEARER = /\b(bearer|basic)(\s+)[A-Za-z0-9+/=._~-]{4,}/gi;
/** `password=x`, `"token": "x"`, `Authorization: x`; a file that holds one stays. */
const NAMES = "token|secret|passw(?:or)?d|passphrase|authorization|cookie|api[_-]?key|psk";
const VALUE = `"(?:[^"\\\\]|\\\\.){0,500}"|'[^']{0,500}'|[^\\s,;&}\\]]+`;
const NAMED = new RegExp(`((?:${NAMES})["']?\\s{0,20}[:=]\\s{0,20})(${VALUE})`, "gi");

export function scrub(text: string, known: readonly string[]): string {
  const byLength = known
    .filter((secret) => secret.length >= KNOWN_MIN)
    .sort((a, b) => b.length - a.length);
  const without = byLength.reduce((all, secret) => withoutSecret(all, secret), text);
  return maskUrls(
    without
      .replace(PEM, MASK)
      .replace(BEARER, `$1$2${MASK}`)
      .replace(NAMED, (whole: string, name: string, value: string) =>
        isHarmless(value) ? whole : `${name}${valueMask(value)}`,
      ),
  );
}

/** As it is, and as JSON and URLs write it. */
function withoutSecret(text: string, secret: string): string {
  const forms = new Set([secret, JSON.stringify(secret).slice(1, -1), encodeForm(secret)]);
  return [...forms].reduce((all, form) => all.replaceAll(form, () => MASK), text);
}

function encodeForm(secret: string): string {
  // Half of a surrogate pair cannot be encoded.
  return encodeURIComponent(secret.toWellFormed());
}

/** Counters and switches are what a dump is for. */
function isHarmless(value: string): boolean {
  return /^["']?(null|~|true|false|none|\d{1,3}|\*+)["']?$/i.test(value);
}

function valueMask(value: string): string {
  const [quote = ""] = value;
  return quote === '"' || quote === "'" ? `${quote}${MASK}${quote}` : MASK;
}
