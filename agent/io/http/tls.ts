/**
 * Certificate, key and, for clients, the authority of the TCP listener. With an authority a client
 * without a certificate of it does not get as far as a request.
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TlsConfig } from "../../domain/config.ts";

export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly requestCert?: true;
  readonly rejectUnauthorized?: true;
}

export type TlsResult =
  | { readonly kind: "ok"; readonly options: TlsOptions }
  | { readonly kind: "failed"; readonly reason: string };

export function readTls({ cert_file, key_file, client_ca_file }: TlsConfig): TlsResult {
  try {
    const cert = readPart(cert_file, "http.tls.cert_file");
    const key = readPart(key_file, "http.tls.key_file");
    checkPair(cert, key, { cert_file, key_file });
    if (client_ca_file === null) return { kind: "ok", options: { cert, key } };
    const ca = readPart(client_ca_file, "http.tls.client_ca_file");
    parsed(() => new X509Certificate(ca), client_ca_file, "a PEM certificate");
    return { kind: "ok", options: { cert, key, ca, requestCert: true, rejectUnauthorized: true } };
  } catch (error) {
    return { kind: "failed", reason: messageOf(error) };
  }
}

function readPart(path: string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`cannot read ${name}: ${messageOf(error)}`);
  }
}

/** The runtime accepts any pair and then refuses every handshake. */
function checkPair(
  cert: string,
  key: string,
  { cert_file, key_file }: Omit<TlsConfig, "client_ca_file">,
): void {
  const certificate = parsed(() => new X509Certificate(cert), cert_file, "a PEM certificate");
  const secret = parsed(() => createPrivateKey(key), key_file, "a PEM private key");
  if (certificate.checkPrivateKey(secret)) return;
  throw new Error(`cannot use ${key_file}: want the private key of ${cert_file}`);
}

function parsed<T>(read: () => T, path: string, want: string): T {
  try {
    return read();
  } catch {
    throw new Error(`cannot use ${path}: want ${want}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
