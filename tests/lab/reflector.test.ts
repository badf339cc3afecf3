/**
 * The compiled agent as a reflector on the port of RFC 8762, asked by scapy's STAMP sender from
 * another namespace; the agent's box has two addresses on one link.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, startAgent } from "../support/agent.ts";
import type { Namespace } from "../support/lab/namespace.ts";
import { createNamespace, namespaceProblem } from "../support/lab/namespace.ts";

const PYTHON = "/usr/bin/python3";
const SENDER = join(import.meta.dir, "../support/lab/scapy-sender.py");

function labProblem(): string | null {
  if (!existsSync(FILE)) return "needs the compiled agent";
  const { exitCode } = Bun.spawnSync([PYTHON, "-c", "import scapy.contrib.stamp"]);
  return exitCode === 0 ? namespaceProblem() : "needs python3-scapy";
}

const problem = labProblem();

const CONFIG = `
paths: [{ id: self, targets: [127.0.0.1] }]
reflector: { listen: "0.0.0.0:862", allow: [198.51.100.0/24] }
`;

interface Answer {
  readonly asked: number;
  readonly answered: number;
  readonly rx_age: number;
  readonly processing: number;
}

describe.skipIf(problem !== null)(`reflector (${problem ?? "scapy"})`, () => {
  const namespaces: Namespace[] = [];
  let agent: RunningAgent;

  beforeAll(async () => {
    const [box, far] = [createNamespace("reflector"), createNamespace("sender")];
    namespaces.push(box, far);
    box.exec(["ip", "link", "add", "up0", "type", "veth", "peer", "name", "up1"]);
    box.exec(["ip", "link", "set", "up1", "netns", far.name]);
    for (const address of ["198.51.100.1/24", "198.51.100.2/24"]) {
      box.exec(["ip", "address", "add", address, "dev", "up0"]);
    }
    for (const address of ["198.51.100.9/24", "203.0.113.9/32"]) {
      far.exec(["ip", "address", "add", address, "dev", "up1"]);
    }
    box.exec(["ip", "link", "set", "up0", "up"]);
    far.exec(["ip", "link", "set", "up1", "up"]);
    agent = startAgent({ config: CONFIG, prefix: box.command([]) });
    await agent.until("the reflector", async () => (await metric("reflected")) === 0);
  });

  afterAll(async () => {
    await agent?.sweep();
    for (const namespace of namespaces) namespace.close();
  });

  async function metric(result: string): Promise<number | null> {
    const text = await (await agent.get("/metrics")).text();
    const line = new RegExp(`^patronus_reflector_packets_total{result="${result}"} (\\d+)$`, "m");
    const value = line.exec(text)?.[1];
    return value === undefined ? null : Number(value);
  }

  function askByScapy(host: string, ttl: number): Answer {
    const far = namespaces[1];
    if (far === undefined) throw new Error("no namespace");
    const answer: Answer = JSON.parse(far.exec([PYTHON, SENDER, host, "862", String(ttl)]));
    return answer;
  }

  test.each(["198.51.100.1", "198.51.100.2"])(
    "answers scapy's sender from %p, on a port below 1024 without root",
    (host) => {
      const answer = askByScapy(host, 77);
      expect(answer).toMatchObject({
        asked: 58,
        answered: 58,
        seq: 41,
        seq_sender: 41,
        ssid: 0x1234,
        ttl_sender: 77,
        z: 0,
        estimate_sender: "8a05",
        same_ts_sender: true,
        tlvs: [
          [0, 1, "abcd"],
          [0x80, 99, "xy"],
        ],
      });
      expect(answer.rx_age).toBeGreaterThan(0);
      expect(answer.rx_age).toBeLessThan(3);
      expect(answer.processing).toBeGreaterThan(0);
      expect(answer.processing).toBeLessThan(1);
    },
  );

  test("counts what it answered, after the next heartbeat", async () => {
    await agent.until("counted", async () => ((await metric("reflected")) ?? 0) >= 2, 12_000);
    expect(await metric("refused")).toBe(0);
  }, 15_000);

  test("a reload with another allow-list acts at once", async () => {
    const file = `${agent.folder}/agent.yaml`;
    const text = await Bun.file(file).text();
    await Bun.write(file, text.replace("198.51.100.0/24", "203.0.113.0/24"));
    agent.process.kill("SIGHUP");
    await agent.until(
      "refusal",
      () => {
        try {
          askByScapy("198.51.100.1", 64);
          return false;
        } catch (error) {
          return String(error).includes("timed out");
        }
      },
      20_000,
    );
    await agent.until("counted", async () => ((await metric("refused")) ?? 0) >= 1, 12_000);
  }, 40_000);
});
