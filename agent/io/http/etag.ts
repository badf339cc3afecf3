/** Entity tags (RFC 9110 8.8.3, 13.1.2). Weak ones: equal meaning, not equal octets. */

/** A tag of what `text` says. */
export function weakTag(text: string): string {
  return `W/"${Bun.hash(text).toString(36)}"`;
}

/** If-None-Match: does the client have it already? */
export function hasTag(ifNoneMatch: string | null, tag: string): boolean {
  if (ifNoneMatch === null) return false;
  const opaque = (text: string) => text.trim().replace(/^W\//, "");
  return ifNoneMatch
    .split(",")
    .some((candidate) => opaque(candidate) === "*" || opaque(candidate) === opaque(tag));
}
