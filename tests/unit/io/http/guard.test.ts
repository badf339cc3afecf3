import { describe, expect, test } from "bun:test";
import type { GuardOptions, Transport } from "../../../../agent/io/http/guard.ts";
import { BODY_MAX, createGuard } from "../../../../agent/io/http/guard.ts";

const TOKEN = "s3cret-token";
const LOCAL: GuardOptions = {
  listen: "127.0.0.1:9477",
  token: TOKEN,
  anonymousRead: false,
  allowedHosts: ["Box.Example.net"],
};

function kindOf(
  request: Request,
  over: Partial<GuardOptions> = {},
  transport: Transport = "tcp",
): string {
  return createGuard({ ...LOCAL, ...over }).check(request, transport)?.kind ?? "admitted";
}

/** A request as the runtime hands it over, whose URL need not be one. */
function withUrl(url: string, host?: string): Request {
  const request = new Request("http://localhost/", host === undefined ? {} : { headers: { host } });
  Object.defineProperty(request, "url", { value: url });
  return request;
}

describe("guard.check() of the URL", () => {
  const bad = ["/a/b", "", "http://[::/x", "http:/x", "http:\\\\localhost/x", "ftp://localhost/x"];
  const odd = ["http://user@localhost/x", "http://local host/x", "//localhost/x", "http://?/x"];
  test.each([...bad, ...odd])("refuses %p, over the unix socket too", (url) => {
    expect(kindOf(withUrl(url))).toBe("bad-request");
    expect(kindOf(withUrl(url), {}, "unix")).toBe("bad-request");
  });
});

describe("guard.check() of the Host", () => {
  const known = [
    "localhost",
    "LOCALHOST:80",
    "127.0.0.1:9477",
    "[::1]:1",
    "box.example.net",
    "box.example.net:8443",
  ];
  test.each(known)("takes %p", (host) => {
    expect(kindOf(withUrl(`http://${host}/x`, host))).toBe("admitted");
  });

  const foreign = ["evil.example", "localhost.evil.example", "192.0.2.1", "localhost.", "[::2]"];
  test.each(foreign)("refuses %p over TCP only", (host) => {
    expect(kindOf(withUrl(`http://${host}/x`, host))).toBe("misdirected-request");
    expect(kindOf(withUrl(`http://${host}/x`, host), {}, "unix")).toBe("admitted");
  });

  test("wants URL and header to be ours both", () => {
    expect(kindOf(withUrl("http://localhost/x", "evil.example"))).toBe("misdirected-request");
    expect(kindOf(withUrl("http://evil.example/x", "localhost"))).toBe("misdirected-request");
  });

  test("takes the listen address, IPv6 in any form", () => {
    const over = { listen: "[2001:db8:0:0::1]:9477", anonymousRead: true };
    expect(kindOf(withUrl("http://[2001:DB8::1]/x"), over)).toBe("admitted");
  });

  test("takes literal addresses but no names at a wildcard listener", () => {
    const over = { listen: "0.0.0.0:9477", anonymousRead: true };
    expect(kindOf(withUrl("http://192.168.1.1:9477/x"), over)).toBe("admitted");
    expect(kindOf(withUrl("http://[2001:db8::9]/x"), over)).toBe("admitted");
    expect(kindOf(withUrl("http://rebound.example/x"), over)).toBe("misdirected-request");
  });
});

describe("guard.check() of reads", () => {
  const remote = { listen: "192.0.2.1:9477" };
  const read = (headers: Record<string, string> = {}, path = "/metrics") =>
    new Request(`http://192.0.2.1${path}`, { headers });

  test("needs no token at a loopback listener", () => {
    expect(kindOf(new Request("http://localhost/metrics"), { token: null })).toBe("admitted");
  });

  test("needs the token at another listener, but not for liveness", () => {
    expect(kindOf(read(), remote)).toBe("unauthorized");
    expect(kindOf(read({ authorization: `Bearer ${TOKEN}` }), remote)).toBe("admitted");
    expect(kindOf(read({ authorization: `bearer  ${TOKEN}` }), remote)).toBe("admitted");
    expect(kindOf(read({ authorization: `Bearer ${TOKEN}x` }), remote)).toBe("unauthorized");
    expect(kindOf(read({ authorization: `Basic ${TOKEN}` }), remote)).toBe("unauthorized");
    expect(kindOf(read({}, "/healthz"), remote)).toBe("admitted");
    expect(kindOf(read({}, "/healthz/"), remote)).toBe("unauthorized");
    expect(kindOf(read({}, "/nothing"), remote)).toBe("unauthorized");
  });

  test("is forbidden there without any token, unless anonymous reads are wanted", () => {
    expect(kindOf(read(), { ...remote, token: null })).toBe("forbidden");
    expect(kindOf(read(), { ...remote, token: null, anonymousRead: true })).toBe("admitted");
    expect(kindOf(read(), { ...remote, token: null }, "unix")).toBe("admitted");
  });
});

describe("guard.check() of writes", () => {
  const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
  const BEARER = { authorization: `Bearer ${TOKEN}` };
  const write = (headers: Record<string, string>, method = "POST") =>
    new Request("http://localhost/api/v1/reload", { method, headers });

  test("needs the token over TCP and not over the unix socket", () => {
    expect(kindOf(write(JSON_TYPE))).toBe("unauthorized");
    expect(kindOf(write({ ...JSON_TYPE, ...BEARER }))).toBe("admitted");
    expect(kindOf(write(JSON_TYPE), {}, "unix")).toBe("admitted");
  });

  test("is forbidden over TCP without a configured token, whatever is sent", () => {
    expect(kindOf(write({ ...JSON_TYPE, ...BEARER }), { token: null })).toBe("forbidden");
    const anonymous = { token: null, anonymousRead: true };
    expect(kindOf(write({ ...JSON_TYPE, ...BEARER }), anonymous)).toBe("forbidden");
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s is a write", (method) => {
    expect(kindOf(write({ ...JSON_TYPE }, method))).toBe("unauthorized");
  });

  const forms = [
    { headers: {}, want: "unsupported-media-type" },
    { headers: { "content-type": "text/plain" }, want: "unsupported-media-type" },
    { headers: { "content-type": "application/json-patch" }, want: "unsupported-media-type" },
    { headers: { ...JSON_TYPE, origin: "http://evil.example" }, want: "forbidden" },
    { headers: { ...JSON_TYPE, origin: "null" }, want: "forbidden" },
    { headers: { ...JSON_TYPE, origin: "http://localhost" }, want: "admitted" },
    { headers: { ...JSON_TYPE, "sec-fetch-site": "cross-site" }, want: "forbidden" },
    { headers: { ...JSON_TYPE, "sec-fetch-site": "same-site" }, want: "forbidden" },
    { headers: { ...JSON_TYPE, "sec-fetch-site": "same-origin" }, want: "admitted" },
    { headers: { ...JSON_TYPE, "transfer-encoding": "chunked" }, want: "length-required" },
  ];
  test.each(forms)("with $headers is $want", ({ headers, want }) => {
    const sent = { ...BEARER, ...headers } as Record<string, string>;
    expect(kindOf(write(sent))).toBe(want);
    expect(kindOf(write(sent), {}, "unix")).toBe(want);
  });

  test("takes a body up to its limit", () => {
    const sized = (octets: number) =>
      write({ ...JSON_TYPE, ...BEARER, "content-length": String(octets) });
    expect(kindOf(sized(BODY_MAX))).toBe("admitted");
    expect(kindOf(sized(BODY_MAX + 1))).toBe("too-large");
  });
});
