/**
 * The compiled file through an outage: both uplinks die, nobody can be told, the agent is killed
 * with -9 and started again. What was raised then arrives once per channel, with its own time, and
 * a channel that hangs keeps nobody waiting.
 */

import { afterEach, expect, test } from "bun:test";
import type { Message } from "../../agent/domain/alerts.ts";
import type { RunningAgent } from "../support/agent.ts";
import { startAgent } from "../support/agent.ts";
import type { ScriptedReceiver } from "../support/scripted-receiver.ts";
import { startReceiver } from "../support/scripted-receiver.ts";
import { EchoTarget } from "../support/update-box.ts";

const open: { close(): unknown }[] = [];
let agent: RunningAgent | null = null;

afterEach(async () => {
  await agent?.sweep();
  for (const one of open.splice(0)) await one.close();
});

interface AlertList {
  readonly alerts: readonly { readonly state: string }[];
  readonly channels: readonly { readonly name: string; readonly waiting: number }[];
}

const SHARED = "send_resolved: false, timeout_secs: 30, allow_link_local: false";

function configOf(ports: readonly number[], urls: Readonly<Record<string, string>>): string {
  const probe = (port: number) => `{ host: 127.0.0.1, probe: { type: udp, port: ${port} } }`;
  const paths = ports.map(
    (port, i) => `  - { id: p${i}, targets: [${probe(port)}], profile: fast }`,
  );
  const channels = Object.entries(urls).map(
    ([name, url]) => `  - { name: ${name}, type: webhook, url: "${url}", ${SHARED} }`,
  );
  const policy = "policies: [{ id: 1, name: all, primary: p0, backups: [p1] }]";
  return `paths:\n${paths.join("\n")}\n${policy}\nalerts:\n${channels.join("\n")}\n`;
}

/** A port on which nobody listens now, and may later. */
async function closedPort(): Promise<number> {
  const receiver = await startReceiver();
  await receiver.close();
  return receiver.port;
}

function messagesOf({ requests }: ScriptedReceiver): Message[] {
  return requests.map(({ body }) => JSON.parse(new TextDecoder().decode(body)) as Message);
}

test("what was raised while every uplink was down arrives after it, once, with its time", async () => {
  const echoes = [await EchoTarget.open(), await EchoTarget.open()];
  open.push(...echoes);
  const ports = [await closedPort(), await closedPort()];
  const stuck = await startReceiver();
  stuck.answer = "hang";
  open.push(stuck);
  const [first = 0, second = 0] = ports;
  const config = configOf(
    echoes.map(({ port }) => port),
    {
      noc: `http://127.0.0.1:${first}/`,
      stuck: `${stuck.url}/`,
      ops: `http://127.0.0.1:${second}/`,
    },
  );
  const started = startAgent({ config });
  agent = started;
  await started.until("ready", async () => (await started.get("/readyz")).ok, 20_000);
  const downAt = Date.now();
  for (const echo of echoes) echo.close();
  const isWaiting = async () => {
    const { channels } = await started.json<AlertList>("/api/v1/alerts");
    return channels.length === 3 && channels.every(({ waiting }) => waiting > 0);
  };
  await started.until("alerts that wait for every channel", isWaiting, 20_000);
  // Stored with the first attempt that fails; the hanging channel's after ten seconds.
  await Bun.sleep(12_000);
  const pids = [started.process.pid, ...started.children()];
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await started.process.exited;

  const again = startAgent({ config, folder: started.folder });
  agent = again;
  await again.until("the API", async () => (await again.get("/healthz")).ok, 20_000);
  const reachableAt = Date.now();
  const receivers = [await startReceiver(first), await startReceiver(second)];
  open.push(...receivers);
  const isTold = () => receivers.every(({ requests }) => requests.length > 0);
  await again.until("a message for both channels", isTold, 60_000);
  await Bun.sleep(2_000);

  const told = receivers.map((receiver) =>
    messagesOf(receiver)
      .filter(({ created_at_ms }) => created_at_ms < reachableAt - 5_000)
      .flatMap(({ id, alerts }) => alerts.map((alert) => ({ message: id, ...alert }))),
  );
  for (const alerts of told) {
    expect(alerts.length).toBeGreaterThan(0);
    const keys = alerts.map(
      ({ message, rule, path_id, status }) => `${message} ${rule} ${path_id} ${status}`,
    );
    expect(new Set(keys).size).toBe(keys.length);
    for (const { started_at_ms } of alerts) {
      expect(started_at_ms).toBeWithin(downAt - 1_000, downAt + 5_000);
    }
  }
  const ids = told.map((alerts) => [...new Set(alerts.map(({ message }) => message))].sort());
  expect(ids[0]).toEqual(ids[1] ?? []);
  process.stderr.write(`${told[0]?.length} alerts, told ${Date.now() - reachableAt} ms after\n`);
}, 120_000);
