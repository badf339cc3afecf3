/** The unix socket: its mode, its end, and what lies at its path before. */

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../agent/io/http/app.ts";
import type { HttpServer } from "../../agent/io/http/server.ts";
import { serveHttp } from "../../agent/io/http/server.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeLog } from "../support/fake-log.ts";
import { FakeView } from "../support/fake-view.ts";

let folder: string;
let socket: string;
let servers: HttpServer[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "patronus-socket-"));
  socket = join(folder, "agent.sock");
  servers = [];
});

afterEach(async () => {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(view = new FakeView()): Promise<HttpServer> {
  const log = new FakeLog();
  const options = { listen: null, token: null, anonymousRead: false, allowedHosts: [] };
  const app = createApp(view, { ...options, clock: new FakeClock(), log });
  const server = await serveHttp(app, { listen: null, socket }, log);
  servers.push(server);
  return server;
}

/** What a killed process leaves behind. */
async function leaveStale(): Promise<void> {
  const code = `Bun.listen({unix: ${JSON.stringify(socket)}, socket: {data() {}}}); console.log(1)`;
  const child = Bun.spawn([process.execPath, "-e", code], { stdio: ["ignore", "pipe", "ignore"] });
  await child.stdout.getReader().read();
  child.kill("SIGKILL");
  await child.exited;
}

test("serveHttp() opens the socket to owner and group, and removes it at stop", async () => {
  const umask = process.umask();
  const server = await serve();
  expect(server.urls).toEqual([`unix:${socket}`]);
  expect(statSync(socket).mode & 0o777).toBe(0o660);
  expect(process.umask()).toBe(umask);
  await server.stop();
  expect(existsSync(socket)).toBe(false);
});

test("serveHttp() takes any Host and writes without token over the socket", async () => {
  const view = new FakeView();
  view.reload = () => ({ kind: "requested" });
  await serve(view);
  const read = await fetch("http://any.example/healthz", { unix: socket });
  expect(read.status).toBe(200);
  const headers = { "content-type": "application/json" };
  const init = { unix: socket, method: "POST", headers, body: "{}" };
  expect((await fetch("http://localhost/api/v1/reload", init)).status).toBe(202);
});

test("serveHttp() takes the place of a socket that nobody serves any more", async () => {
  await leaveStale();
  expect(existsSync(socket)).toBe(true);
  expect((await serve()).problems).toEqual([]);
  expect((await fetch("http://localhost/healthz", { unix: socket })).status).toBe(200);
});

test("serveHttp() leaves a socket alone that another agent serves", async () => {
  await serve();
  const second = await serve();
  expect(second.urls).toEqual([]);
  expect(second.problems).toEqual([`cannot listen on ${socket}: another agent serves there`]);
  await second.stop();
  expect((await fetch("http://localhost/healthz", { unix: socket })).status).toBe(200);
});

test("serveHttp() never removes what is no socket", async () => {
  writeFileSync(join(folder, "target"), "precious");
  symlinkSync(join(folder, "target"), socket);
  const problem = `cannot use ${socket} as socket: another file is there`;
  expect((await serve()).problems).toEqual([problem]);
  rmSync(socket);
  writeFileSync(socket, "precious");
  expect((await serve()).problems).toEqual([problem]);
  expect(statSync(socket).size).toBe(8);
});

test("serveHttp() names the folder that is missing", async () => {
  socket = join(folder, "none", "agent.sock");
  const { problems } = await serve();
  expect(problems[0]).toStartWith(`cannot listen on ${socket}: `);
});
