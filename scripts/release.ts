/**
 * Releases as plain files for any static web server:
 *   bun scripts/release.ts key FILE                      a new key: FILE and FILE.pub
 *   bun scripts/release.ts keys --folder F --root KEY --release-key PUB... [--revoke ID...]
 *   bun scripts/release.ts publish --folder F --key KEY --root-key PUB... [--binary TARGET=FILE...]
 *   bun scripts/release.ts renew --folder F --key KEY [--rollout N]   a later expiry, a wider share
 * Root keys sign the list of release keys and are compiled in; release keys sign manifests.
 */

import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { KEY_LIST_TYPE, parseKeyList } from "../agent/update/key-list.ts";
import { VERSION_FORM } from "../agent/update/manifest.ts";
import { parsePublicKey } from "../agent/update/minisign.ts";
import { buildTarget, TARGETS } from "./build.ts";
import { buildCore } from "./build-wasm.ts";
import { publishedReleases, writeSigned } from "./release/folder.ts";
import { publish } from "./release/publish.ts";
import type { SigningKey } from "./release/signing.ts";
import { makeKey, publicKeyFile, readSecretKey, secretKeyFile } from "./release/signing.ts";

const DAY = 86_400;
const ROOT = join(import.meta.dir, "..");

function readOptions(args: string[]) {
  const text = { type: "string" } as const;
  const texts = { type: "string", multiple: true } as const;
  const options = {
    ...{ folder: text, channel: text, root: text, key: text },
    ...{ "root-key": texts, "release-key": texts, revoke: texts, binary: texts },
    ...{ version: text, release: text, "min-release": text, rollout: text, days: text },
    level: text,
  };
  const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
  const { folder = "dist/releases", channel = "stable" } = values;
  return { positionals, values: { ...values, folder, channel } };
}

type Values = ReturnType<typeof readOptions>["values"];

async function main(args: string[]): Promise<void> {
  const { positionals, values } = readOptions(args);
  const [command, file] = positionals;
  if (command === "key" && file !== undefined) return writeKey(file);
  if (command === "keys") return writeKeyList(values);
  if (command === "publish") return publishRelease(values);
  if (command === "renew") return renew(values);
  throw new Error("want key FILE, keys, publish or renew");
}

function writeKey(file: string): void {
  if (existsSync(file)) throw new Error(`cannot write ${file}: it exists`);
  const key = makeKey();
  writeFileSync(file, secretKeyFile(key), { mode: 0o600 });
  writeFileSync(`${file}.pub`, publicKeyFile(key));
  console.log(`${file}.pub\n${publicKeyFile(key)}`);
}

/** The version is one above the one that is there; revoked keys stay revoked. */
function writeKeyList(values: Values): void {
  const key = secretKey(values.root, "--root");
  const path = join(values.folder, "keys.json");
  const before = existsSync(path) ? parseKeyList(readFileSync(path)) : null;
  if (before?.kind === "damaged") throw new Error(`cannot read ${path}: ${before.reason}`);
  const revoked = existsSync(path) ? revokedIn(path) : [];
  const now = unixNow();
  const document = {
    type: KEY_LIST_TYPE,
    version: (before?.value.version ?? 0) + 1,
    created: now,
    not_after: now + Number(values.days ?? 365) * DAY,
    keys: (values["release-key"] ?? []).map(publicLineOf),
    revoked: [...new Set([...revoked, ...(values.revoke ?? [])])],
  };
  writeSigned(path, document, key);
  console.log(`keys.json  version ${document.version}, ${document.keys.length} release keys`);
}

function revokedIn(path: string): readonly string[] {
  const document: { revoked: readonly string[] } = JSON.parse(readFileSync(path, "utf8"));
  return document.revoked;
}

async function publishRelease(values: Values): Promise<void> {
  const key = secretKey(values.key, "--key");
  const newest = publishedReleases(values.folder, values.channel)[0]?.release ?? 0;
  const release = Number(values.release ?? newest + 1);
  if (release <= newest) throw new Error(`cannot publish release ${release}: ${newest} is there`);
  const version = values.version ?? packageVersion();
  if (!VERSION_FORM.test(version)) throw new Error(`cannot use version ${version}: want 1.2.3`);
  const now = unixNow();
  const reports = publish(
    {
      folder: values.folder,
      channel: values.channel,
      ...{ version, release, minRelease: Number(values["min-release"] ?? 0) },
      rollout: { percent: Number(values.rollout ?? 100), salt: `release ${release}` },
      created: now,
      notAfter: now + Number(values.days ?? 90) * DAY,
      level: Number(values.level ?? 19),
      files: await filesOf(values, { version, release }),
    },
    key,
  );
  for (const { target, from, octets } of reports) {
    const what = from === null ? "whole file" : `from release ${from}`;
    console.log(`${target.padEnd(18)} ${what.padEnd(18)} ${(octets / 1e3).toFixed(1)} kB`);
  }
}

async function filesOf(
  values: Values,
  edition: { readonly version: string; readonly release: number },
): Promise<Map<string, string>> {
  const { binary = [] } = values;
  if (binary.length > 0) return new Map(binary.map((given) => splitOnce(given, "=")));
  const rootKeys = (values["root-key"] ?? []).map(publicLineOf);
  if (rootKeys.length === 0) throw new Error("want --root-key: without one nothing can be updated");
  buildCore();
  const folder = mkdtempSync(join(tmpdir(), "release-build-"));
  const files = new Map<string, string>();
  for (const target of TARGETS) {
    const path = await buildTarget(target, join(folder, target.name), { ...edition, rootKeys });
    files.set(target.name, path);
  }
  return files;
}

/** The newest manifest once more: signed now, for longer or for more nodes. */
function renew(values: Values): void {
  const key = secretKey(values.key, "--key");
  const path = join(values.folder, values.channel, "manifest.json");
  const document: { rollout: { percent: number } } = JSON.parse(readFileSync(path, "utf8"));
  const now = unixNow();
  const percent = Number(values.rollout ?? document.rollout.percent);
  const rollout = { ...document.rollout, percent };
  const not_after = now + Number(values.days ?? 90) * DAY;
  writeSigned(path, { ...document, created: now, not_after, rollout }, key);
  console.log(`${values.channel}/manifest.json  ${percent} % of the nodes`);
}

function secretKey(path: string | undefined, option: string): SigningKey {
  if (path === undefined) throw new Error(`want ${option} with the file of a secret key`);
  return readSecretKey(readFileSync(path, "utf8"));
}

function publicLineOf(path: string): string {
  const key = parsePublicKey(readFileSync(path, "utf8"));
  if (key === null) throw new Error(`cannot use ${path}: want a public key of minisign`);
  return key.text;
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return version;
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  if (at < 0) throw new Error(`cannot use ${text}: want TARGET=FILE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function unixNow(): number {
  return Math.floor(Date.now() / 1_000);
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(`release: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
