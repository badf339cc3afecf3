/**
 * Signatures in the file format of minisign: Ed25519 over the BLAKE2b-512 of the content ("ED"),
 * and a second signature over the first and the trusted comment. Only the prehashed form is taken.
 * What is signed here `minisign -V` accepts, and the other way round.
 */

import { createHash, createPublicKey, verify } from "node:crypto";

/** Of one key; `id` is what a signature names it by. */
export interface PublicKey {
  /** 16 hexadecimal digits, as minisign prints it. */
  readonly id: string;
  /** 32 octets. */
  readonly point: Uint8Array;
  /** The line of a public key file. */
  readonly text: string;
}

export interface Signature {
  readonly keyId: string;
  /** 64 octets. */
  readonly signature: Uint8Array;
  readonly trustedComment: string;
  /** Over `signature` and the trusted comment, 64 octets. */
  readonly commentSignature: Uint8Array;
}

export type Verdict =
  | { readonly kind: "signed"; readonly by: PublicKey; readonly trustedComment: string }
  | { readonly kind: "refused"; readonly reason: string };

const KEY_ALGORITHM = "Ed";
const PREHASHED = "ED";
const ID_SIZE = 8;
const POINT_SIZE = 32;
const SIGNATURE_SIZE = 64;
/** A signature file has four short lines. */
export const SIGNATURE_TEXT_MAX = 2_048;
/** DER of SubjectPublicKeyInfo of an Ed25519 key, up to its 32 octets (RFC 8410). */
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");
const UNTRUSTED = "untrusted comment: ";
const TRUSTED = "trusted comment: ";

/** A public key file, or its second line alone. null: it is none. */
export function parsePublicKey(text: string): PublicKey | null {
  const lines = linesOf(text);
  const line = lines[0]?.startsWith(UNTRUSTED) === true ? lines[1] : lines[0];
  const bytes = fromBase64(line ?? "");
  if (bytes?.byteLength !== 2 + ID_SIZE + POINT_SIZE) return null;
  if (latin(bytes.subarray(0, 2)) !== KEY_ALGORITHM) return null;
  return {
    id: keyId(bytes.subarray(2, 2 + ID_SIZE)),
    point: bytes.slice(2 + ID_SIZE),
    text: line ?? "",
  };
}

/** null: it is no signature file of the prehashed form. */
export function parseSignature(text: string): Signature | null {
  if (text.length > SIGNATURE_TEXT_MAX) return null;
  const [untrusted, first, trusted, second, ...rest] = linesOf(text);
  if (untrusted?.startsWith(UNTRUSTED) !== true || rest.length > 0) return null;
  if (trusted?.startsWith(TRUSTED) !== true) return null;
  const bytes = fromBase64(first ?? "");
  const commentSignature = fromBase64(second ?? "");
  if (bytes?.byteLength !== 2 + ID_SIZE + SIGNATURE_SIZE) return null;
  if (commentSignature?.byteLength !== SIGNATURE_SIZE) return null;
  if (latin(bytes.subarray(0, 2)) !== PREHASHED) return null;
  return {
    keyId: keyId(bytes.subarray(2, 2 + ID_SIZE)),
    signature: bytes.slice(2 + ID_SIZE),
    trustedComment: trusted.slice(TRUSTED.length),
    commentSignature,
  };
}

/** Whether one of `keys` has signed exactly these octets. */
export function verifySigned(
  content: Uint8Array,
  signatureText: string,
  keys: readonly PublicKey[],
): Verdict {
  const signature = parseSignature(signatureText);
  if (signature === null) {
    return refused("the signature is not readable: want minisign's prehashed form");
  }
  const by = keys.find(({ id }) => id === signature.keyId);
  if (by === undefined) return refused(`signed by key ${signature.keyId}, which is not trusted`);
  const point = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, by.point]),
    format: "der",
    type: "spki",
  });
  const digest = createHash("blake2b512").update(content).digest();
  if (!verify(null, digest, point, signature.signature)) {
    return refused(`the signature by key ${by.id} does not fit the content`);
  }
  const commented = commentedBytes(signature.signature, signature.trustedComment);
  if (!verify(null, commented, point, signature.commentSignature)) {
    return refused(`the trusted comment was changed after key ${by.id} signed it`);
  }
  return { kind: "signed", by, trustedComment: signature.trustedComment };
}

/** What the second signature covers. */
export function commentedBytes(signature: Uint8Array, trustedComment: string): Uint8Array {
  return Buffer.concat([signature, Buffer.from(trustedComment, "utf8")]);
}

/** A key id is a little-endian number, written as minisign does. */
function keyId(bytes: Uint8Array): string {
  return bytes.toReversed().toHex().toUpperCase();
}

function refused(reason: string): Verdict {
  return { kind: "refused", reason };
}

function linesOf(text: string): readonly string[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return null;
  }
}

function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
