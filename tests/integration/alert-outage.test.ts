/**
 * Alerts through an outage: what was raised while nobody could be reached arrives when they can,
 * once per channel, with the time it began; a channel that hangs holds up nobody else.
 */

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChannelConfig, Message } from "../../agent/domain/alerts.ts";
import { pathId } from "../../agent/domain/ids.ts";
import { webhook } from "../support/alert-messages.ts";
import { alertsConfig, startAlerts, until } from "../support/alert-run.ts";
import { SmtpServer } from "../support/smtp-server.ts";

const FIBER = pathId("fiber");
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "patronus-outage-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A receiver on a port that it keeps through its stops. */
class Receiver {
  readonly messages: Message[] = [];
  #server: Bun.Server<undefined> | null = null;
  #port = 0;

  start(): void {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: this.#port,
      fetch: async (request) => {
        this.messages.push((await request.json()) as Message);
        return new Response("ok");
      },
    });
    this.#port = this.#server.port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  async stop(): Promise<void> {
    await this.#server?.stop(true);
    this.#server = null;
  }

  get lines(): string[] {
    return this.messages.flatMap(({ alerts }) =>
      alerts.map(({ status, rule, path_id }) => `${status} ${rule} ${path_id}`),
    );
  }
}

const down = { kind: "path", path: FIBER, status: "down", score: 0, link: null } as const;

test("an alert of an outage arrives after it and a restart, once, with its own time", async () => {
  const [first, second] = [new Receiver(), new Receiver()];
  for (const one of [first, second]) {
    one.start();
    await one.stop();
  }
  const mail = new SmtpServer();
  const port = await mail.listen();
  mail.answer({ replies: { MAIL: "451 the uplink is away" } });
  const base = { min_severity: "info", send_resolved: true, timeout_secs: 2 } as const;
  const login = { user: null, password_file: null, ca_file: null };
  const place = { server: "127.0.0.1", port, from: "a@example.net", to: ["b@example.net"] };
  const channels: readonly ChannelConfig[] = [
    webhook(first.url, { name: "a" }),
    webhook(second.url, { name: "b" }),
    { ...base, ...login, ...place, name: "m", type: "mail", security: "none" },
  ];
  const config = alertsConfig(channels);

  const before = startAlerts(folder, config);
  const raisedAt = before.clock.wall();
  before.alerts.take(down);
  expect(
    await until(() => before.queue.state().destinations.every(({ retries }) => retries > 0)),
  ).toBe(true);
  expect(before.queue.state().destinations.map(({ stored_items }) => stored_items)).toEqual([
    1, 1, 1,
  ]);
  await before.stop();
  await Bun.sleep(300);

  const after = startAlerts(folder, config);
  after.sources.statuses.set(FIBER, "down");
  await Bun.sleep(100);
  expect(after.alerts.firing()).toHaveLength(1);
  for (const one of [first, second]) one.start();
  mail.answer({});
  after.alerts.nudge();
  const isThere = () =>
    first.messages.length > 0 && second.messages.length > 0 && mail.mails.length > 0;
  expect(await until(isThere)).toBe(true);
  after.alerts.take({ ...down, status: "up" });
  const ends = config.alerts?.rules.find(({ on }) => on === "path-down")?.keep_secs;
  expect(ends).toBe(10);
  await Bun.sleep(200);

  for (const one of [first, second]) {
    expect(one.lines).toEqual(["firing path-down fiber"]);
    const [alert] = one.messages[0]?.alerts ?? [];
    expect(Math.abs((alert?.started_at_ms ?? 0) - raisedAt)).toBeLessThan(100);
    expect(one.messages[0]?.created_at_ms).toBeLessThan(raisedAt + 1_000);
  }
  expect(first.messages[0]?.id).toBe(second.messages[0]?.id as string);
  expect(mail.mails).toHaveLength(1);
  expect(after.queue.state().destinations.every(({ items }) => items === 0)).toBe(true);
  await after.stop();
  mail.stop();
  for (const one of [first, second]) await one.stop();
}, 30_000);

test("a channel that hangs delays no other one, and nothing else", async () => {
  const well = new Receiver();
  well.start();
  let hanging = 0;
  const stuck = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => {
      hanging++;
      return new Promise<Response>(() => {});
    },
  });
  const config = alertsConfig([
    webhook(`http://127.0.0.1:${stuck.port}/`, { name: "stuck", timeout_secs: 60 }),
    webhook(well.url, { name: "well" }),
  ]);
  const { alerts, queue, clock, stop } = startAlerts(folder, config);
  const began = clock.monotonic();
  alerts.take(down);
  expect(clock.monotonic() - began).toBeLessThan(20_000);
  expect(await until(() => well.messages.length === 1, 2_000)).toBe(true);
  expect(hanging).toBe(1);
  alerts.take({ kind: "store", store: "history", fault: "full" });
  alerts.take({ kind: "update", fault: "no" });
  expect(await until(() => well.lines.includes("firing update-trouble null"), 2_000)).toBe(true);
  const state = queue.state().destinations.find(({ name }) => name === "alert:stuck");
  expect(state?.items).toBe(2);
  expect(state?.stored_items).toBe(2);
  const stopping = clock.monotonic();
  await stop();
  expect(clock.monotonic() - stopping).toBeLessThan(3_000_000);
  await stuck.stop(true);
  await well.stop();
}, 20_000);
