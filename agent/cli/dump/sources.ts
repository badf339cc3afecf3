/** The real world of a support dump: the agent's socket, files, and a few programs. */

import { closeSync, constants, openSync, readSync } from "node:fs";
import type { Reading, Sources } from "./collect.ts";

const TIMEOUT_MS = 5_000;
const FILE_OCTETS_MAX = 1024 * 1024;
/** Ours, so that no folder of the caller is searched. */
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

export function systemSources(socket: string): Sources {
  return {
    api: (path) => askApi(socket, path),
    file: readFile,
    command: runProgram,
  };
}

async function askApi(socket: string, path: string): Promise<Reading> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(`http://localhost${path}`, { unix: socket, signal });
  const text = await response.text();
  if (response.ok) return { kind: "text", text };
  return { kind: "missing", reason: `the agent answered ${response.status}` };
}

/** Files of procfs have no size, so they are read to their end. */
function readFile(path: string): Reading {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const octets = new Uint8Array(FILE_OCTETS_MAX);
    let at = 0;
    while (at < octets.byteLength) {
      const got = readSync(fd, octets, at, octets.byteLength - at, null);
      if (got === 0) break;
      at += got;
    }
    return { kind: "text", text: new TextDecoder().decode(octets.subarray(0, at)) };
  } finally {
    closeSync(fd);
  }
}

async function runProgram([program = "", ...args]: readonly string[]): Promise<Reading> {
  const path = Bun.which(program, ENVIRONMENT);
  if (path === null) return { kind: "missing", reason: "not installed" };
  const child = Bun.spawn([path, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: ENVIRONMENT,
    timeout: TIMEOUT_MS,
  });
  const text = await new Response(child.stdout).text();
  const exitCode = await child.exited;
  if (exitCode === 0) return { kind: "text", text };
  const complaint = await new Response(child.stderr).text();
  return { kind: "missing", reason: `exit code ${exitCode}: ${complaint.trim().slice(0, 500)}` };
}
