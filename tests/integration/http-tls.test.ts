/** HTTPS and client certificates on a real socket, with an authority made for the test. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TlsConfig } from "../../agent/domain/config.ts";
import { createApp } from "../../agent/io/http/app.ts";
import type { HttpServer } from "../../agent/io/http/server.ts";
import { serveHttp } from "../../agent/io/http/server.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeLog } from "../support/fake-log.ts";
import { FakeView } from "../support/fake-view.ts";

const folder = mkdtempSync(join(tmpdir(), "patronus-tls-"));
const at = (name: string) => join(folder, name);
const text = (name: string) => Bun.file(at(name)).text();
const servers: HttpServer[] = [];

function openssl(...args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["openssl", ...args], { cwd: folder });
  if (exitCode !== 0) throw new Error(stderr.toString());
}

/** NAME.key and NAME.pem; signed by itself, or by `by`. */
function certificate(name: string, by: string | null): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const sign = by === null ? [] : ["-CA", `${by}.pem`, "-CAkey", `${by}.key`];
  const name4 = ["-addext", "subjectAltName=IP:127.0.0.1", "-subj", `/CN=${name}`, "-days", "2"];
  openssl(
    "req",
    "-x509",
    ...key,
    ...sign,
    ...name4,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.pem`,
  );
}

beforeAll(() => {
  for (const name of ["ca", "other-ca"]) certificate(name, null);
  for (const name of ["server", "client"]) certificate(name, "ca");
  certificate("stranger", "other-ca");
  writeFileSync(at("rubbish.pem"), "no certificate");
});

afterAll(async () => {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(over: Partial<TlsConfig> = {}): Promise<HttpServer> {
  const log = new FakeLog();
  const listen = "127.0.0.1:0";
  const tls = {
    cert_file: at("server.pem"),
    key_file: at("server.key"),
    client_ca_file: null,
    ...over,
  };
  const guard = { listen, token: "t0ken", anonymousRead: true, allowedHosts: [] };
  const app = createApp(new FakeView(), { ...guard, clock: new FakeClock(), log });
  const server = await serveHttp(app, { listen, socket: "", tls }, log);
  servers.push(server);
  return server;
}

/** Without keep-alive: a connection that is used again would skip the handshake under test. */
async function ask(url: string, options: object, init: RequestInit = {}): Promise<Response> {
  const headers = { connection: "close", ...(init.headers as Record<string, string>) };
  return fetch(url, { ...init, headers, tls: { ca: await text("ca.pem"), ...options } });
}

async function identity(name: string): Promise<object> {
  return { cert: await text(`${name}.pem`), key: await text(`${name}.key`) };
}

describe("http.tls", () => {
  test("serves HTTPS, and no plain HTTP on the same port", async () => {
    const { urls } = await serve();
    const [url = ""] = urls;
    expect(url).toStartWith("https://127.0.0.1:");
    expect((await ask(`${url}healthz`, {})).status).toBe(200);
    await expect(fetch(url.replace("https", "http"))).rejects.toThrow();
  });

  test("with an authority hears only clients with a certificate of it", async () => {
    const { urls } = await serve({ client_ca_file: at("ca.pem") });
    const url = `${urls[0]}healthz`;
    await expect(ask(url, {})).rejects.toThrow();
    await expect(ask(url, await identity("stranger"))).rejects.toThrow();
    expect((await ask(url, await identity("client"))).status).toBe(200);
  });

  test("with a client's certificate a write still needs the token", async () => {
    const { urls } = await serve({ client_ca_file: at("ca.pem") });
    const write = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
    const response = await ask(`${urls[0]}api/v1/reload`, await identity("client"), write);
    expect(response.status).toBe(401);
  });

  test("refuses TLS older than 1.2", async () => {
    const { urls } = await serve();
    const { port } = new URL(urls[0] ?? "");
    const versions = ["-tls1_1", "-tls1_2"].map(async (version) => {
      const connect = ["openssl", "s_client", "-connect", `127.0.0.1:${port}`, version];
      const stdio = ["ignore", "ignore", "ignore"] as const;
      return Bun.spawn([...connect, "-cipher", "ALL@SECLEVEL=0"], { stdio: [...stdio] }).exited;
    });
    expect(await Promise.all(versions)).toEqual([1, 0]);
  });

  const rows = [
    ["a missing file", { cert_file: "/nonexistent.pem" }, "cannot read http.tls.cert_file"],
    ["a key of another certificate", { key_file: "client.key" }, "want the private key of"],
    ["what is no certificate", { cert_file: "rubbish.pem" }, "want a PEM certificate"],
    ["what is no authority", { client_ca_file: "rubbish.pem" }, "want a PEM certificate"],
  ] as const;
  test.each(rows)("with %s opens nothing and says why", async (_, over, want) => {
    const files = Object.entries(over).map(([key, name]) => [
      key,
      name.startsWith("/") ? name : at(name),
    ]);
    const { urls, problems } = await serve(Object.fromEntries(files));
    expect(urls).toEqual([]);
    expect(problems[0]).toContain(want);
  });
});
