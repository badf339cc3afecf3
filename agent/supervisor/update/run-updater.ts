/**
 * Starts the updater for one task: no capability reaches it, and of the controller's folder only
 * descriptors, opened without following a link.
 */

import { dirname, join } from "node:path";
import type { UpdaterAnswer, UpdaterRequest } from "../../updater/protocol.ts";
import { STAGE_NAMES } from "../../updater/protocol.ts";
import { closeFd, memoryFile, openFile, writeFd } from "../../worker/libc.ts";

/** O_RDONLY: a FIFO in place of a file must not hold us. */
const O_NONBLOCK_NOFOLLOW_CLOEXEC = 0o4000 | 0o400000 | 0o2000000;
const TIMEOUT_MS = 15 * 60_000;

export interface UpdaterStart {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The database: the controller's folder for downloads lies beside it. */
  readonly storagePath: string;
}

/** Where the controller puts what it downloads. */
export function downloadFolder(storagePath: string): string {
  return join(dirname(storagePath), "update");
}

export async function runUpdater(
  request: UpdaterRequest,
  { command, environment, storagePath }: UpdaterStart,
): Promise<UpdaterAnswer> {
  const opened: number[] = [];
  try {
    const input = requestFile(request);
    opened.push(input);
    if (request.task.kind === "stage") {
      for (const name of STAGE_NAMES) opened.push(openDownload(storagePath, name));
    }
    const updater = Bun.spawn([...command, "updater"], {
      stdio: [input, "pipe", "inherit", ...opened.slice(1)],
      env: environment,
      detached: true,
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    const output = updater.stdout;
    if (!(output instanceof ReadableStream)) throw new Error("the updater has no output");
    const text = await new Response(output).text();
    await updater.exited;
    if (text === "")
      throw new Error(`the updater ended with ${updater.signalCode ?? updater.exitCode}`);
    // Written by the updater of the same file: typed there.
    const answer: UpdaterAnswer = JSON.parse(text);
    return answer;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "refused", reason, file: null };
  } finally {
    for (const fd of opened) closeFd(fd);
  }
}

function requestFile(request: UpdaterRequest): number {
  const made = memoryFile("patronus-updater");
  if (made.kind === "failed") throw new Error(`cannot make a memory file: errno ${made.errno}`);
  const bytes = new TextEncoder().encode(JSON.stringify(request));
  for (let at = 0; at < bytes.byteLength; ) {
    const put = writeFd(made.fd, bytes.subarray(at));
    if (put < 0) throw new Error(`cannot write the request: errno ${-put}`);
    at += put;
  }
  return made.fd;
}

function openDownload(storagePath: string, name: string): number {
  const path = join(downloadFolder(storagePath), name);
  const opened = openFile(path, O_NONBLOCK_NOFOLLOW_CLOEXEC);
  if (opened.kind === "ok") return opened.fd;
  throw new Error(`cannot open the downloaded ${name}: errno ${opened.errno}`);
}
