/** The compiled agent as a reflector with a key that only its supervisor can read. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import { chmodSync, writeFileSync } from "node:fs";
import { SEALED_FORM } from "../../agent/wire/stamp.ts";
import { StampSeal } from "../../agent/wire/stamp-hmac.ts";
import type { RunningAgent } from "../support/agent.ts";
import { scratchFolder, startAgent } from "../support/agent.ts";
import { requestOctets } from "../support/stamp-packets.ts";

const PORT = 38_982;
const OLD = "the first key";
const NEW = "another key";

interface Status {
  readonly problems: readonly string[];
}

describe("reflector of the compiled agent", () => {
  const folder = scratchFolder();
  const keyFile = `${folder}/stamp.key`;
  let agent: RunningAgent;
  let socket: Socket;

  beforeAll(() => {
    writeKey(OLD);
    const reflector = `{ listen: "127.0.0.1:${PORT}", key_file: ${keyFile} }`;
    const config = `paths: [{ id: one, targets: [127.0.0.1] }]\nreflector: ${reflector}\n`;
    agent = startAgent({ config, folder });
    socket = createSocket("udp4");
  });

  afterAll(async () => {
    socket.close();
    await agent.sweep();
  });

  function writeKey(text: string): void {
    writeFileSync(keyFile, `${text}\n`);
    chmodSync(keyFile, 0o600);
  }

  /** Whether a reply with the right seal comes within 100 ms. */
  async function isAnswered(text: string): Promise<boolean> {
    const key = new TextEncoder().encode(text);
    const heard = Promise.withResolvers<boolean>();
    const listen = (bytes: Uint8Array) => heard.resolve(new StampSeal(key).isRight(bytes, 0));
    socket.once("message", listen);
    socket.send(requestOctets({ form: SEALED_FORM, key }), PORT, "127.0.0.1");
    const answered = await Promise.race([heard.promise, Bun.sleep(100).then(() => false)]);
    socket.off("message", listen);
    return answered;
  }

  async function problems(): Promise<string> {
    return (await agent.json<Status>("/api/v1/status")).problems.join("\n");
  }

  test("answers who knows the key, and nobody else", async () => {
    await agent.until("an answer", () => isAnswered(OLD));
    expect(await isAnswered(NEW)).toBe(false);
    expect(await problems()).toBe("");
  });

  test("a reload reads the key again, though the configuration is the same", async () => {
    writeKey(NEW);
    agent.process.kill("SIGHUP");
    await agent.until("an answer", () => isAnswered(NEW));
    expect(await isAnswered(OLD)).toBe(false);
  });

  test("a killed worker gets the order again", async () => {
    const worker = agent.pidOf("worker");
    if (worker === null) throw new Error("no worker");
    process.kill(worker, "SIGKILL");
    await agent.until("an answer", () => isAnswered(NEW));
  });

  test("without its key it is off, and the status says why", async () => {
    writeKey("");
    agent.process.kill("SIGHUP");
    await agent.until("the problem", async () => (await problems()).includes("reflector is off"));
    expect(await problems()).toContain(keyFile);
    expect(await isAnswered(NEW)).toBe(false);
  });
});
