/**
 * The configuration files on disk: which ones, in which order, and their text. What cannot be read
 * is a problem with the name of the file, like any other; nothing here knows what is inside.
 */

import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Problem } from "../config/problem.ts";

export interface ConfigSource {
  readonly name: string;
  readonly text: string;
}

export type ConfigFiles =
  | {
      readonly kind: "files";
      /** The main file, then the drop-ins. */
      readonly sources: readonly ConfigSource[];
      readonly warnings: readonly Problem[];
    }
  /** No file was named, and there is none in the usual place. */
  | { readonly kind: "none" }
  | { readonly kind: "unreadable"; readonly problems: readonly Problem[] };

export interface ConfigLocation {
  /** From the command line; null: none. */
  readonly path: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The usual place; tests bring their own. */
  readonly usual?: string;
}

export const USUAL_CONFIG = "/etc/patronus/agent.yaml";

/** More than the parser takes: whoever names a disk or a log by mistake gets an answer at once. */
const FILE_OCTETS_MAX = 16 * 1024 * 1024;
const DROP_INS_MAX = 256;

/** The command line, then PATRONUS_CONFIG, then the usual place. */
export function readConfigFiles(location: ConfigLocation): ConfigFiles {
  const named = location.path ?? (location.environment["PATRONUS_CONFIG"] || null);
  const main = named ?? location.usual ?? USUAL_CONFIG;
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const read = readText(main);
  if (read.kind === "failed" && read.code === "ENOENT" && named === null) return { kind: "none" };
  const results = [{ name: main, read }];
  for (const name of dropIns(join(dirname(main), "conf.d"), problems, warnings)) {
    results.push({ name, read: readText(name) });
  }
  const sources: ConfigSource[] = [];
  for (const { name, read: result } of results) {
    if (result.kind === "failed") problems.push(fileProblem(name, result.reason));
    else sources.push({ name, text: result.text });
    if (result.kind === "text" && result.isOpen) {
      warnings.push(fileProblem(name, "writable by everybody: want mode 0640 or stricter"));
    }
  }
  return problems.length > 0
    ? { kind: "unreadable", problems }
    : { kind: "files", sources, warnings };
}

function fileProblem(file: string, message: string): Problem {
  return { file, line: null, key: "", message };
}

/** Paths of conf.d/*.yaml in byte order. */
function dropIns(folder: string, problems: Problem[], warnings: Problem[]): readonly string[] {
  const names = listFolder(folder, problems).filter((name) => !name.startsWith("."));
  for (const name of names.filter((one) => one.endsWith(".yml"))) {
    warnings.push(fileProblem(join(folder, name), "not read: want a name that ends in .yaml"));
  }
  const found = names.filter((name) => name.endsWith(".yaml"));
  if (found.length > DROP_INS_MAX) {
    const message = `cannot read ${found.length} files: want at most ${DROP_INS_MAX}`;
    problems.push(fileProblem(folder, message));
    return [];
  }
  return found
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => join(folder, name));
}

function listFolder(folder: string, problems: Problem[]): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = codeOf(error);
    // Most boxes have no drop-ins; beside a file of another place conf.d may be anything.
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    problems.push(fileProblem(folder, `cannot list the folder: ${code}`));
    return [];
  }
}

type TextResult =
  | { readonly kind: "text"; readonly text: string; readonly isOpen: boolean }
  | { readonly kind: "failed"; readonly code: string; readonly reason: string };

function readText(name: string): TextResult {
  let fd: number;
  try {
    // A FIFO without a writer would block the open for ever.
    fd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return failed(codeOf(error), `cannot open ${basename(name)}: ${codeOf(error)}`);
  }
  try {
    return readOpenFile(fd);
  } catch (error) {
    return failed(codeOf(error), `cannot read: ${codeOf(error)}`);
  } finally {
    closeSync(fd);
  }
}

function readOpenFile(fd: number): TextResult {
  const stat = fstatSync(fd);
  if (!stat.isFile()) return failed("EINVAL", "cannot read: want a regular file");
  if (stat.size > FILE_OCTETS_MAX) {
    const reason = `shorten the file: ${stat.size} octets, want at most ${FILE_OCTETS_MAX}`;
    return failed("EFBIG", reason);
  }
  const bytes = readAll(fd, stat.size);
  const text = decode(bytes);
  return text === null
    ? failed("EILSEQ", "cannot decode the text: want UTF-8")
    : { kind: "text", text, isOpen: (stat.mode & 0o002) !== 0 };
}

/** At most `size` octets: a file that grows meanwhile is read as it was. */
function readAll(fd: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const got = readSync(fd, bytes, at, size - at, null);
    if (got === 0) break;
    at += got;
  }
  return bytes.subarray(0, at);
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function failed(code: string, reason: string): TextResult {
  return { kind: "failed", code, reason };
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : String(error);
}

/** Digits of the hash that tell 10 million boxes apart. */
const ID_DIGITS = 12;

/**
 * The node's name when the configuration gives none: a hash of the machine id, which itself must
 * not leave the box (machine-id(5)); without one the host name.
 */
export function defaultNodeId(machineIdFile = "/etc/machine-id"): string {
  const read = readText(machineIdFile);
  const id = read.kind === "text" ? read.text.trim() : "";
  if (id === "") return hostname().replace(/[^A-Za-z0-9._-]/g, "-") || "unnamed";
  const digest = new Bun.CryptoHasher("sha256").update(`patronus-agent ${id}`).digest("hex");
  return `node-${digest.slice(0, ID_DIGITS)}`;
}
