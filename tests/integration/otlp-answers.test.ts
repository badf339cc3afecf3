/** What each answer of a receiver does to an entry of the queue: one table, on real sockets. */

import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Delivery, QueueEntry } from "../../agent/controller/queue/ports.ts";
import type { OtlpDestination } from "../../agent/domain/otlp.ts";
import { createClock } from "../../agent/io/clock.ts";
import { createSender } from "../../agent/io/telemetry/sender.ts";
import { entry } from "../support/fake-queue.ts";
import { temporaryFolder } from "../support/journals.ts";
import type { Certificate, Script, ScriptedReceiver } from "../support/scripted-receiver.ts";
import { startReceiver } from "../support/scripted-receiver.ts";
import { otlpDestination } from "../support/telemetry.ts";

const open: ScriptedReceiver[] = [];

async function receiver(tls: Certificate | null = null): Promise<ScriptedReceiver> {
  const started = await startReceiver(0, tls);
  open.push(started);
  return started;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const ENTRY = entry(1, { body: Bun.gzipSync(new Uint8Array(500)) });

function deliver(
  url: string,
  overrides: Partial<OtlpDestination> = {},
  one: QueueEntry = ENTRY,
): Promise<Delivery> {
  const target = `${url}/v1/metrics`;
  const destination = otlpDestination({ metrics_url: target, timeout_ms: 1_500, ...overrides });
  return createSender(destination, target, createClock())(one, new AbortController().signal);
}

/** ExportMetricsServiceResponse{partial_success{rejected_data_points: 7, error_message: "old"}}. */
const PARTIAL = Uint8Array.from([0x0a, 0x07, 0x08, 0x07, 0x12, 0x03, 0x6f, 0x6c, 0x64]);
const WARNING = Uint8Array.from([0x0a, 0x05, 0x12, 0x03, 0x6f, 0x6c, 0x64]);
const JSON_PARTIAL = `{"partialSuccess":{"rejectedDataPoints":"7","errorMessage":"old"}}`;
const JSON_TYPE = { "content-type": "application/json" };
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString();
const retry = (afterMs: number | null = null) => ({ kind: "retry", afterMs });
const refused = (status: number, text: string) => ({ kind: "permanent", status, text });

interface Case {
  readonly name: string;
  readonly script: Script;
  readonly effect: object;
}

const CASES: readonly Case[] = [
  { name: "200", script: { status: 200 }, effect: { kind: "delivered" } },
  { name: "204", script: { status: 204 }, effect: { kind: "delivered" } },
  {
    name: "a partial success",
    script: { status: 200, body: PARTIAL },
    effect: { kind: "partial", rejected: 7, message: "old" },
  },
  {
    name: "a warning",
    script: { status: 200, body: WARNING },
    effect: { kind: "partial", rejected: 0, message: "old" },
  },
  {
    name: "a partial success in JSON",
    script: { status: 200, body: JSON_PARTIAL, headers: JSON_TYPE },
    effect: { kind: "partial", rejected: 7, message: "old" },
  },
  {
    name: "200 with a body that is no message",
    script: { status: 200, body: "ok, thanks" },
    effect: { kind: "delivered" },
  },
  {
    name: "200 with the page of a captive portal",
    script: { status: 200, body: "<html>", headers: { "content-type": "text/html" } },
    effect: retry(),
  },
  {
    name: "400",
    script: { status: 400, body: "bad\u0007 point" },
    effect: refused(400, "bad point"),
  },
  { name: "401", script: { status: 401, body: "who?" }, effect: refused(401, "who?") },
  { name: "404", script: { status: 404 }, effect: refused(404, "no text (no content type)") },
  { name: "413", script: { status: 413, body: "too big" }, effect: refused(413, "too big") },
  { name: "500", script: { status: 500, body: "too old" }, effect: refused(500, "too old") },
  { name: "429", script: { status: 429 }, effect: retry() },
  {
    name: "429 with Retry-After in seconds",
    script: { status: 429, headers: { "retry-after": "7" } },
    effect: retry(7_000),
  },
  {
    name: "503 with Retry-After in seconds",
    script: { status: 503, headers: { "retry-after": "120" } },
    effect: retry(120_000),
  },
  { name: "502", script: { status: 502 }, effect: retry() },
  { name: "504", script: { status: 504 }, effect: retry() },
  {
    name: "a redirect to another host",
    script: { status: 307, headers: { location: "http://192.0.2.1/login" } },
    effect: retry(),
  },
  {
    name: "a redirect that loses the method",
    script: { status: 302, headers: { location: "/elsewhere" } },
    effect: retry(),
  },
  { name: "a reset before the answer", script: "reset", effect: retry() },
  {
    name: "a reset in the middle of an accepting answer",
    script: { status: 200, body: "x", ending: "reset" },
    effect: { kind: "delivered" },
  },
  {
    name: "an accepting answer without an end",
    script: { status: 200, ending: "never-end" },
    effect: { kind: "delivered" },
  },
  {
    name: "a refusing answer without an end",
    script: { status: 400, ending: "never-end" },
    effect: { kind: "permanent", status: 400 },
  },
  { name: "no answer", script: "hang", effect: retry() },
];

describe("the effect of", () => {
  test.each(CASES.map((one) => [one.name, one] as const))("%s", async (_, { script, effect }) => {
    const { url, script: replies, requests } = await receiver();
    // A client may repeat by itself on a broken kept connection: the same answer again.
    replies.push(script, script, script);
    const started = performance.now();
    expect(await deliver(url)).toMatchObject(effect);
    expect(performance.now() - started).toBeLessThan(3_500);
    expect(requests.length).toBeGreaterThan(0);
    expect(requests[0]?.headers).toMatchObject({
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
    });
  });

  test.each([429, 503])("%d with Retry-After as a date", async (status) => {
    const { url, script } = await receiver();
    script.push({ status, headers: { "retry-after": inSeconds(90) } });
    const delivery = await deliver(url);
    expect(delivery.kind).toBe("retry");
    const afterMs = delivery.kind === "retry" ? (delivery.afterMs ?? 0) : 0;
    expect(afterMs).toBeGreaterThan(85_000);
    expect(afterMs).toBeLessThanOrEqual(90_000);
  });

  test("a redirect of method and host is followed, a ring of them is not", async () => {
    const { url, script, requests } = await receiver();
    script.push({ status: 308, headers: { location: "/base/v1/metrics" } }, { status: 200 });
    expect(await deliver(url)).toEqual({ kind: "delivered" });
    expect(requests.map(({ path }) => path)).toEqual(["/v1/metrics", "/base/v1/metrics"]);
    for (let i = 0; i < 10; i++) script.push({ status: 307, headers: { location: "/v1/metrics" } });
    expect(await deliver(url)).toMatchObject({ kind: "retry" });
    expect(requests.length).toBe(6);
  });

  test("a redirect to another server is not followed: it would be shown the headers", async () => {
    const [{ url, script }, other] = [await receiver(), await receiver()];
    script.push({ status: 308, headers: { location: `${other.url}/v1/metrics` } });
    expect(await deliver(url)).toMatchObject({ kind: "retry" });
    expect(other.requests).toEqual([]);
  });

  test("nobody listening is a retry", async () => {
    const gone = await receiver();
    await gone.close();
    open.length = 0;
    expect(await deliver(gone.url)).toMatchObject({ kind: "retry" });
  });
});

/** A key, and a certificate for 127.0.0.1 between two moments (YYYYMMDDHHMMSSZ), by openssl. */
function certificate(folder: string, from: string, to: string): Certificate & { file: string } {
  const file = join(folder, `${to}.pem`);
  const key = join(folder, `${to}.key`);
  const made = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-nodes", "-keyout", key, "-out", `${file}.old`, "-subj", "/CN=127.0.0.1"],
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"],
  ]);
  const request = Bun.spawnSync([
    ...["openssl", "x509", "-x509toreq", "-in", `${file}.old`, "-signkey", key],
    ...["-copy_extensions", "copyall", "-out", `${file}.csr`],
  ]);
  Bun.spawnSync(["touch", join(folder, "index.txt")]);
  const config = join(folder, "ca.cnf");
  const ca = [
    ...["[ca]", "default_ca=c", "[c]", `database=${join(folder, "index.txt")}`],
    ...[`new_certs_dir=${folder}`, "rand_serial=yes", "unique_subject=no", "default_md=sha256"],
    ...["policy=p", "copy_extensions=copyall", "[p]", "commonName=supplied"],
  ];
  writeFileSync(config, ca.join("\n"));
  const signed = Bun.spawnSync([
    ...["openssl", "ca", "-batch", "-selfsign", "-config", config, "-keyfile", key],
    ...["-in", `${file}.csr`, "-out", file, "-notext", "-startdate", from, "-enddate", to],
  ]);
  for (const step of [made, request, signed]) {
    if (step.exitCode !== 0) throw new Error(step.stderr.toString());
  }
  const read = (path: string) => readFileSync(path, "utf8");
  return { cert: read(file), key: read(key), file };
}

describe("over TLS", () => {
  test("a certificate is trusted by its file, refused without, and refused when expired", async () => {
    const folder = temporaryFolder();
    const good = certificate(folder.path, "20200101000000Z", "20990101000000Z");
    const tls = (overrides: Partial<OtlpDestination["tls"]>) => ({
      tls: { ca_file: null, cert_file: null, key_file: null, insecure: false, ...overrides },
    });
    const trusted = await receiver(good);
    expect(await deliver(trusted.url, tls({ ca_file: good.file }))).toEqual({ kind: "delivered" });
    const refusal = await deliver(trusted.url, tls({}));
    expect(refusal).toMatchObject({ kind: "retry" });
    expect(await deliver(trusted.url, tls({ insecure: true }))).toEqual({ kind: "delivered" });
    const old = certificate(folder.path, "20200101000000Z", "20210101000000Z");
    const expired = await receiver(old);
    const answer = await deliver(expired.url, tls({ ca_file: old.file }));
    expect(answer).toMatchObject({ kind: "retry" });
    expect(answer.kind === "retry" ? answer.reason : "").toMatch(/expired/i);
    expect(expired.requests).toEqual([]);
    folder.remove();
  });
});

describe("headers and source", () => {
  test("headers come from the configuration and, fresh for each attempt, from a file", async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "headers");
    const { url, requests } = await receiver();
    await Bun.write(path, "# token\nAuthorization: Bearer one\n");
    const overrides = { headers: { "x-scope": "edge" }, headers_file: path };
    await deliver(url, overrides);
    await Bun.write(path, "Authorization: Bearer two\n");
    await deliver(url, overrides);
    expect(requests.map(({ headers }) => headers["authorization"])).toEqual([
      "Bearer one",
      "Bearer two",
    ]);
    expect(requests[0]?.headers).toMatchObject({ "x-scope": "edge" });
    expect(requests[0]?.headers["user-agent"]).toMatch(/^patronus-agent\//);
    folder.remove();
  });

  test("an unreadable headers file is a retry that names it, not its content", async () => {
    const { url, requests } = await receiver();
    const delivery = await deliver(url, { headers_file: "/nonexistent/headers" });
    expect(delivery).toMatchObject({ kind: "retry", reason: expect.stringContaining("headers") });
    expect(requests).toEqual([]);
  });

  test("with an interface the request comes from its address", async () => {
    const { url, requests } = await receiver();
    expect(await deliver(url, { interface: "lo" })).toEqual({ kind: "delivered" });
    expect(requests.length).toBe(1);
    expect(requests[0]?.body.byteLength).toBe(500);
    const gone = await deliver(url, { interface: "nodev0" });
    expect(gone).toMatchObject({ kind: "retry", reason: "no address on nodev0" });
  });
});
