/** Webhooks against a real receiver on loopback: every format, every answer, what is refused. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WebhookChannel } from "../../agent/domain/alerts.ts";
import { webhookSender } from "../../agent/io/alerts/webhook.ts";
import { createClock } from "../../agent/io/clock.ts";
import { MESSAGE, NEVER_ABORTED, resolved, webhook } from "../support/alert-messages.ts";

const clock = createClock();

interface Seen {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

let folder = "";
let seen: Seen[] = [];
let reply: (request: Request) => Response | Promise<Response> = () => new Response("ok");
let server: Bun.Server<undefined>;
let url = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "patronus-alerts-"));
  seen = [];
  reply = () => new Response("ok");
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const body = await request.text();
      seen.push({ path: new URL(request.url).pathname, headers: request.headers, body });
      return reply(request);
    },
  });
  url = `http://127.0.0.1:${server.port}/hook`;
});

afterEach(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

function secret(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  return path;
}

function send(over: Partial<WebhookChannel> = {}, message = MESSAGE) {
  return webhookSender(webhook(url, over), { clock })(message, NEVER_ABORTED);
}

function body(): unknown {
  return JSON.parse(seen[0]?.body ?? "null");
}

describe("webhook bodies", () => {
  test("native: the message as it is, with its id in a header", async () => {
    expect(await send()).toEqual({ kind: "delivered" });
    expect(body()).toEqual(JSON.parse(JSON.stringify({ version: 1, ...MESSAGE })));
    expect(seen[0]?.headers.get("webhook-id")).toBe(MESSAGE.id);
    expect(seen[0]?.headers.get("content-type")).toBe("application/json");
    expect(seen[0]?.headers.get("user-agent")).toStartWith("patronus-agent/");
    expect(seen[0]?.headers.get("webhook-signature")).toBeNull();
  });

  test.each([
    ["plain text", "correct horse", Buffer.from("correct horse")],
    ["whsec_", `whsec_${Buffer.from("0123456789").toString("base64")}`, Buffer.from("0123456789")],
  ])("signed with a key of %s: a receiver can verify it", async (_, text, key) => {
    await send({ secret_file: secret("key", `${text}\n`) });
    const [one] = seen;
    const stamp = one?.headers.get("webhook-timestamp") ?? "";
    const wanted = createHmac("sha256", key)
      .update(`${MESSAGE.id}.${stamp}.${one?.body}`)
      .digest("base64");
    expect(one?.headers.get("webhook-signature")).toBe(`v1,${wanted}`);
    expect(Math.abs(Number(stamp) - clock.wall() / 1_000)).toBeLessThan(5);
  });

  test("cloudevents: version 1.0 in structured mode", async () => {
    await send({ format: "cloudevents" });
    expect(seen[0]?.headers.get("content-type")).toBe("application/cloudevents+json");
    expect(body()).toMatchObject({
      specversion: "1.0",
      id: MESSAGE.id,
      source: "/patronus/cpe-1",
      type: "patronus.alert.firing",
      time: "2023-11-14T22:13:25.000Z",
      datacontenttype: "application/json",
      data: { alerts: [{ path_id: "fiber" }, {}] },
    });
  });

  test("alertmanager: the webhook of version 4, with one fingerprint from begin to end", async () => {
    await send({ format: "alertmanager" });
    await send({ format: "alertmanager" }, resolved(MESSAGE));
    const [firing, ended] = seen.map((one) => JSON.parse(one.body));
    expect(firing).toMatchObject({
      version: "4",
      status: "firing",
      receiver: "patronus",
      groupLabels: { node: "cpe-1" },
      commonLabels: { node: "cpe-1", site: "berlin" },
      truncatedAlerts: 0,
    });
    expect(firing.alerts[0]).toMatchObject({
      labels: { alertname: "path-down", severity: "critical", path: "fiber" },
      startsAt: "2023-11-14T22:13:20.000Z",
      endsAt: "0001-01-01T00:00:00Z",
    });
    expect(ended.alerts[0].endsAt).toBe("2023-11-14T22:14:20.000Z");
    expect(ended.alerts[0].fingerprint).toBe(firing.alerts[0].fingerprint);
    expect(firing.alerts[1].fingerprint).not.toBe(firing.alerts[0].fingerprint);
  });

  test("text: nothing from outside leaves its string in a template of JSON", async () => {
    const [first, ...rest] = MESSAGE.alerts;
    if (first === undefined) throw new Error("no alert");
    const evil = { ...first, summary: `a "quoted"\r\n\\ path\u0000}, "x": 1` };
    await send({ format: "text" }, { ...MESSAGE, alerts: [evil, ...rest] });
    const { text } = body() as { text: string };
    expect(text).toContain(`a "quoted" \\ path }, "x": 1, since 2023-11-14T22:13:20Z`);
    expect(text.split("\n")).toHaveLength(3);
  });

  test("text: a template that is no JSON is sent as text", async () => {
    await send({ format: "text", template: "{status} {node}/{site}: {summary} {unknown}" });
    expect(seen[0]?.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(seen[0]?.body).toBe(
      "firing cpe-1/berlin: [FIRING:2] cpe-1: path Fiber (fiber) is down: no answer " +
        "(and 1 more) {unknown}",
    );
  });

  test("headers come from the configuration and from a file that is read each time", async () => {
    const path = secret("headers", "# ours\nAuthorization: Bearer one\n");
    const over = { headers: { "x-team": "noc" }, headers_file: path };
    await send(over);
    writeFileSync(path, "Authorization: Bearer two\n");
    await send(over);
    expect(seen.map(({ headers }) => headers.get("authorization"))).toEqual([
      "Bearer one",
      "Bearer two",
    ]);
    expect(seen[0]?.headers.get("x-team")).toBe("noc");
  });
});

describe("answers to a webhook", () => {
  test.each([
    [200, "delivered", null],
    [201, "delivered", null],
    [204, "delivered", null],
    [301, "retry", null],
    [302, "retry", null],
    [400, "permanent", null],
    [401, "retry", 300_000],
    [403, "retry", 300_000],
    [404, "retry", 300_000],
    [408, "retry", null],
    [410, "permanent", null],
    [413, "permanent", null],
    [422, "permanent", null],
    [429, "retry", null],
    [500, "retry", null],
    [502, "retry", null],
    [503, "retry", null],
    [504, "retry", null],
  ])("%p is %s", async (status, kind, afterMs) => {
    reply = () => new Response(status === 204 ? null : "because", { status });
    const delivery = await send();
    expect(delivery.kind).toBe(kind as "retry");
    if (delivery.kind === "retry") expect(delivery.afterMs).toBe(afterMs);
    if (delivery.kind === "permanent") {
      expect(delivery).toEqual({ kind: "permanent", status, text: "because" });
    }
  });

  test("Retry-After is taken in seconds and as a date", async () => {
    reply = () => new Response("", { status: 503, headers: { "retry-after": "120" } });
    expect(await send()).toMatchObject({ kind: "retry", afterMs: 120_000 });
    const date = new Date(clock.wall() + 90_000).toUTCString();
    reply = () => new Response("", { status: 429, headers: { "retry-after": date } });
    const delivery = await send();
    const after = delivery.kind === "retry" ? (delivery.afterMs ?? 0) : 0;
    expect(after).toBeGreaterThan(80_000);
    expect(after).toBeLessThanOrEqual(90_000);
  });

  test("a redirect is not followed, wherever it goes", async () => {
    for (const location of ["http://169.254.169.254/latest", `${url}/else`]) {
      reply = () => new Response("", { status: 307, headers: { location } });
      expect((await send()).kind).toBe("retry");
    }
    expect(seen.map(({ path }) => path)).toEqual(["/hook", "/hook"]);
  });

  test("a page without TLS is a captive portal, not a receiver", async () => {
    reply = () => new Response("<!DOCTYPE html><html>log in</html>");
    expect(await send()).toMatchObject({ kind: "retry" });
  });

  test("a receiver that hangs costs the timeout and no more", async () => {
    reply = () => new Promise(() => {});
    const began = clock.monotonic();
    const delivery = await send({ timeout_secs: 1 });
    expect(delivery).toEqual({
      kind: "retry",
      afterMs: null,
      reason: `cannot reach ${new URL(url).host}: no answer within 1 s`,
    });
    expect(clock.monotonic() - began).toBeLessThan(2_500_000);
  });

  test("an answer without end counts by its status, and only its beginning is read", async () => {
    let pulls = 0;
    reply = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            pulls++;
            controller.enqueue(new Uint8Array(4_096).fill(97));
          },
        }),
        { status: 200 },
      );
    expect(await send()).toEqual({ kind: "delivered" });
    expect(pulls).toBeLessThan(2_000);
  });

  test("nobody listens: try again, and say so without the secret in the URL", async () => {
    const path = secret("url", "http://127.0.0.1:9/T0KEN/secret\n");
    const delivery = await send({ url: null, url_file: path });
    expect(delivery).toMatchObject({ kind: "retry" });
    expect(JSON.stringify(delivery)).toContain("127.0.0.1:9");
    expect(JSON.stringify(delivery)).not.toContain("T0KEN");
  });

  test("a secret that cannot be read sends nothing, and names the file", async () => {
    const missing = join(folder, "nothing");
    const delivery = await send({ secret_file: missing });
    const reason = `cannot read ${missing}: ENOENT`;
    expect(delivery).toEqual({ kind: "retry", afterMs: 60_000, reason });
    expect(seen).toEqual([]);
  });
});

describe("where a webhook may go", () => {
  const sendTo = (host: string, addresses: readonly string[], over = {}) =>
    webhookSender(webhook(`http://${host}:${server.port}/hook`, { timeout_secs: 1, ...over }), {
      clock,
      lookup: () => Promise.resolve(addresses),
    })(MESSAGE, NEVER_ABORTED);

  test.each([
    "169.254.169.254",
    "169.254.0.1",
    "[fe80::1]",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "[::]",
    "224.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
  ])("not to %s", async (host) => {
    const delivery = await sendTo(host, []);
    expect(delivery).toMatchObject({ kind: "retry" });
    expect(JSON.stringify(delivery)).toContain("cannot send to");
  });

  test("not by a name that means one of them, nor by what a number is read as", async () => {
    expect(await sendTo("metadata.test", ["169.254.169.254"])).toMatchObject({ kind: "retry" });
    // The URL parser makes 169.254.169.254 of it.
    expect(await sendTo("0xa9fea9fe", [])).toMatchObject({ kind: "retry" });
    expect(seen).toEqual([]);
  });

  test("the request goes to the address that was looked at, under its name", async () => {
    expect(await sendTo("hooks.test", ["169.254.169.254", "127.0.0.1"])).toEqual({
      kind: "delivered",
    });
    expect(seen[0]?.headers.get("host")).toBe(`hooks.test:${server.port}`);
  });

  test("an address that does not answer is followed by the next one", async () => {
    const other = Bun.listen({ hostname: "127.0.0.2", port: 0, socket: { data() {} } });
    other.stop(true);
    expect(await sendTo("hooks.test", ["127.0.0.2", "127.0.0.1"])).toEqual({ kind: "delivered" });
  });

  test("with allow_link_local such an address is tried", async () => {
    const delivery = await sendTo("169.254.0.1", [], { allow_link_local: true });
    expect(JSON.stringify(delivery)).toContain("cannot reach");
  });

  test("a certificate must be of the name, also when the address was looked up", async () => {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const made = Bun.spawnSync([
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-nodes", "-days", "2", "-subj", "/CN=hooks.test"],
      ...["-addext", "subjectAltName=DNS:hooks.test", "-keyout", key, "-out", cert],
    ]);
    expect(made.exitCode).toBe(0);
    const tls = { key: Bun.file(key), cert: Bun.file(cert) };
    const secure = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: () => new Response() });
    const to = (host: string, ca_file: string | null) =>
      webhookSender(webhook(`https://${host}:${secure.port}/`, { ca_file }), {
        clock,
        lookup: () => Promise.resolve(["127.0.0.1"]),
      })(MESSAGE, NEVER_ABORTED);
    expect(await to("hooks.test", cert)).toEqual({ kind: "delivered" });
    expect(await to("other.test", cert)).toMatchObject({ kind: "retry" });
    expect(await to("hooks.test", null)).toMatchObject({ kind: "retry" });
    await secure.stop(true);
  });
});
