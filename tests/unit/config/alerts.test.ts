import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";
import { ALERT_TYPES } from "../../../agent/domain/alerts.ts";

const BASE = `
paths: [{ id: a, targets: [192.0.2.1] }, { id: b, targets: [192.0.2.2] }]
policies: [{ id: 1, primary: a, backups: [b] }]
`;
const HOOK = `{ name: ops, type: webhook, url: "https://h.example.net/x" }`;

function parse(text: string) {
  return parseConfig([{ name: "a.yaml", text: BASE + text }], {});
}

function alerts(text: string) {
  const result = parse(text);
  if (result.kind === "invalid") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.config.alerts;
}

function problems(text: string): string[] {
  const result = parse(text);
  return result.kind === "ok"
    ? []
    : result.problems.map(({ key, message }) => `${key}: ${message}`);
}

describe("readAlerts()", () => {
  test("without a channel nobody is told", () => {
    for (const text of ["", "alerts: []", "alerts:", "alerts: {}", "alerts: { channels: [] }"]) {
      expect(alerts(text)).toBeNull();
    }
  });

  test("a list of channels hears of every kind by default rules", () => {
    const config = alerts(`alerts: [${HOOK}]`);
    expect(config?.rules.map(({ on }) => on)).toEqual([...ALERT_TYPES]);
    expect(config).toMatchObject({ group_secs: 5, quiet_hours: [], history: 500 });
    expect(config?.channels).toEqual([
      {
        name: "ops",
        type: "webhook",
        min_severity: "info",
        send_resolved: true,
        timeout_secs: 10,
        url: "https://h.example.net/x",
        url_file: null,
        headers: {},
        headers_file: null,
        ca_file: null,
        allow_link_local: false,
        format: "native",
        template: `{"text":"{text}"}`,
        secret_file: null,
      },
    ]);
  });

  test("a rule takes from the default of its kind what it does not give", () => {
    const rules = "[{ on: path-degraded, severity: info, paths: [a], policies: [1], for: 0s }]";
    expect(alerts(`alerts: { channels: [${HOOK}], rules: ${rules} }`)?.rules).toEqual([
      {
        name: "path-degraded",
        on: "path-degraded",
        for_secs: 0,
        keep_secs: 120,
        severity: "info",
        paths: ["a"],
        policies: [1],
        channels: [],
      },
    ]);
  });

  test("mail, Alertmanager and exec have defaults of their own", () => {
    const channels = [
      "{ name: m, type: mail, server: mx.example.net, from: a@b.example, to: [c@d.example] }",
      `{ name: am, type: alertmanager, url_file: /etc/am }`,
      "{ name: x, type: exec, exec: [/bin/true, -v] }",
    ];
    const config = alerts(`alerts: [${channels.join(", ")}]`);
    expect(config?.channels).toMatchObject([
      { type: "mail", port: 587, security: "starttls", user: null },
      { type: "alertmanager", resend_secs: 60, url: null, url_file: "/etc/am" },
      { type: "exec", exec: ["/bin/true", "-v"] },
    ]);
  });

  test("quiet hours are one or a list, in minutes of the zone", () => {
    const hours = `{ from: "22:30", to: "06:00", days: [sat, sun], time_zone: Asia/Kolkata }`;
    const read = { from: 1350, to: 360, days: [6, 0], time_zone: "Asia/Kolkata", pass: "critical" };
    const one = alerts(`alerts: { channels: [${HOOK}], quiet_hours: ${hours} }`);
    expect(one?.quiet_hours).toEqual([read] as never);
    const two = alerts(`alerts: { channels: [${HOOK}], quiet_hours: [${hours}, ${hours}] }`);
    expect(two?.quiet_hours).toHaveLength(2);
  });

  test.each([
    ["{ type: webhook, url: 'http://a' }", "alerts[0].name: missing"],
    ["{ name: a }", "alerts[0].type: missing"],
    ["{ name: a, type: webhook }", "alerts[0].url: cannot choose"],
    ["{ name: a, type: webhook, url: 'http://a', url_file: /x }", "alerts[0].url: cannot choose"],
    ["{ name: a, type: webhook, url: 'ftp://a' }", "alerts[0].url: cannot use"],
    ["{ name: a, type: webhook, url: 'http://u:p@a' }", "alerts[0].url: cannot use"],
    ["{ name: a, type: exec, exec: x }", "alerts[0].exec: cannot use"],
    ["{ name: a, type: exec, exec: /x, url: 'http://a' }", "alerts[0].url: remove it"],
    [`{ name: a, type: webhook, url: "http://a", headers: { Host: b } }`, "alerts[0].headers.Host"],
    [
      `{ name: a, type: mail, server: m, from: "a@b\\r\\nBcc: x", to: [c@d] }`,
      "alerts[0].from: cannot use",
    ],
    [`{ name: a, type: mail, server: m, from: a@b, to: [c@d], user: x }`, "alerts[0].user: want"],
    [`{ name: a, type: mail, server: m, from: a@b }`, "alerts[0].to: missing"],
  ])("refuses the channel %s", (channel, message) => {
    expect(problems(`alerts: [${channel}]`).join("\n")).toContain(message);
  });

  test.each([
    ["rules: [{ on: nothing }]", "alerts.rules[0].on: cannot use"],
    ["rules: [{ on: path-down, paths: [c] }]", `cannot find the path "c"`],
    ["rules: [{ on: path-down, policies: [2] }]", "cannot find the policy 2"],
    ["rules: [{ on: path-down, channels: [c] }]", `cannot find the channel "c"`],
    ["rules: [{ on: path-down }, { on: path-down }]", "give another one"],
    [`quiet_hours: { from: "25:00", to: "06:00" }`, "alerts.quiet_hours.from: cannot use"],
    [`quiet_hours: { from: "22:00", to: "06:00", time_zone: Mars/Base }`, "time_zone: cannot use"],
    ["group: 5", "alerts.group: unknown key"],
  ])("refuses %s", (text, message) => {
    expect(problems(`alerts: { channels: [${HOOK}], ${text} }`).join("\n")).toContain(message);
  });

  test("rules that nobody would hear are a problem", () => {
    expect(problems("alerts: { rules: [{ on: path-down }] }").join()).toContain(
      "nobody would hear",
    );
  });

  test("a secret in a URL is not shown in a problem about its headers", () => {
    const text = `{ name: a, type: webhook, url: "http://a", headers: { x-token: "s3cret\\n" } }`;
    expect(problems(`alerts: [${text}]`).join()).not.toContain("s3cret");
  });
});
