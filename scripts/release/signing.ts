/**
 * Keys and signatures as minisign writes them, without a password: who holds the file may sign, so
 * root keys belong on media that are locked away. `minisign -S -s FILE` signs with them too.
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto";
import { commentedBytes } from "../../agent/update/minisign.ts";

export interface SigningKey {
  /** 8 octets. */
  readonly id: Uint8Array;
  /** 32 octets, then the public point, as minisign keeps them. */
  readonly secret: Uint8Array;
}

/** DER of PrivateKeyInfo of an Ed25519 key, up to its seed (RFC 8410). */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");
const SEED_SIZE = 32;
/** Salt, ops limit, mem limit of the password's hash: unused without one. */
const NO_PASSWORD = new Uint8Array(32 + 8 + 8);
const LEGACY = Buffer.from("Ed");
const PREHASHED = Buffer.from("ED");

export function makeKey(): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const seed = privateKey
    .export({ format: "der", type: "pkcs8" })
    .subarray(PKCS8_PREFIX.byteLength);
  return { id: randomBytes(8), secret: Buffer.concat([seed, pointOf(seed)]) };
}

function pointOf(seed: Uint8Array): Uint8Array {
  const spki = createPublicKey(privateKeyOf(seed)).export({ format: "der", type: "spki" });
  return spki.subarray(-SEED_SIZE);
}

function privateKeyOf(seed: Uint8Array) {
  const key = Buffer.concat([PKCS8_PREFIX, seed]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

export function idOf({ id }: SigningKey): string {
  return id.toReversed().toHex().toUpperCase();
}

/** The line that manifests, key lists and the build take. */
export function publicLine({ id, secret }: SigningKey): string {
  return Buffer.concat([LEGACY, id, secret.subarray(SEED_SIZE)]).toString("base64");
}

export function publicKeyFile(key: SigningKey): string {
  return `untrusted comment: minisign public key ${idOf(key)}\n${publicLine(key)}\n`;
}

export function secretKeyFile(key: SigningKey): string {
  const { id, secret } = key;
  const sum = new Bun.CryptoHasher("blake2b256").update(LEGACY).update(id).update(secret).digest();
  const kdf = new Uint8Array(2);
  const bytes = Buffer.concat([LEGACY, kdf, Buffer.from("B2"), NO_PASSWORD, id, secret, sum]);
  return `untrusted comment: minisign secret key ${idOf(key)}\n${bytes.toString("base64")}\n`;
}

/** Throws for a file that is none, or that has a password. */
export function readSecretKey(text: string): SigningKey {
  const bytes = Buffer.from(text.split("\n")[1] ?? "", "base64");
  if (bytes.byteLength !== 158) throw new Error("cannot read the secret key: want minisign's form");
  if (bytes.readUInt16LE(2) !== 0) {
    throw new Error("cannot use a secret key with a password: make one with minisign -G -W");
  }
  const at = 2 + 2 + 2 + NO_PASSWORD.byteLength;
  return { id: bytes.subarray(at, at + 8), secret: bytes.subarray(at + 8, at + 8 + 64) };
}

/** The text of the signature file beside `content`. */
export function signatureFile(
  key: SigningKey,
  content: Uint8Array,
  trustedComment: string,
): string {
  const seed = privateKeyOf(key.secret.subarray(0, SEED_SIZE));
  const digest = createHash("blake2b512").update(content).digest();
  const signature = sign(null, digest, seed);
  const overall = sign(null, commentedBytes(signature, trustedComment), seed);
  return [
    `untrusted comment: signature from minisign secret key ${idOf(key)}`,
    Buffer.concat([PREHASHED, key.id, signature]).toString("base64"),
    `trusted comment: ${trustedComment}`,
    `${overall.toString("base64")}\n`,
  ].join("\n");
}
