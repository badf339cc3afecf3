/** Mail over a real connection: login, TLS, refusals, the header, a server that hangs. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MailChannel, Message } from "../../agent/domain/alerts.ts";
import { mailSender } from "../../agent/io/alerts/mail.ts";
import { MESSAGE, NEVER_ABORTED } from "../support/alert-messages.ts";
import { SmtpServer } from "../support/smtp-server.ts";

let folder = "";
let server: SmtpServer;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "patronus-mail-"));
  server = new SmtpServer();
});

afterEach(() => {
  server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function send(over: Partial<MailChannel> = {}, message: Message = MESSAGE) {
  const config: MailChannel = {
    name: "noc",
    type: "mail",
    min_severity: "info",
    send_resolved: true,
    timeout_secs: 2,
    server: "127.0.0.1",
    port: await server.listen(),
    security: "none",
    user: null,
    password_file: null,
    ca_file: null,
    from: "patronus@example.net",
    to: ["noc@example.net", "boss@example.net"],
    ...over,
  };
  return mailSender(config, () => Promise.resolve(["127.0.0.1"]))(message, NEVER_ABORTED);
}

function secret(text: string): string {
  const path = join(folder, "secret");
  writeFileSync(path, text);
  return path;
}

describe("a mail", () => {
  test("says what began when, to everybody, under the message's own id", async () => {
    expect(await send()).toEqual({ kind: "delivered" });
    const [mail] = server.mails;
    expect(mail?.to).toEqual(["RCPT TO:<noc@example.net>", "RCPT TO:<boss@example.net>"]);
    // Quoted-printable folds long lines.
    const data = (mail?.data ?? "").replaceAll("=\n", "");
    expect(data).toContain("Subject: [FIRING:2] cpe-1: path Fiber (fiber) is down: no answer");
    expect(data).toContain(`Message-ID: <${MESSAGE.id}.cpe-1@example.net>`);
    expect(data).toContain("Date: Tue, 14 Nov 2023 22:13:25 +0000");
    expect(data).toContain("Auto-Submitted: auto-generated");
    expect(data).toContain("since 2023-11-14T22:13:20Z");
    expect(data).toContain("because of it: policy office left Fiber (fiber) for lte");
  });

  test("nothing from outside adds a header or a recipient", async () => {
    const [first] = MESSAGE.alerts;
    if (first === undefined) throw new Error("no alert");
    const evil = "x\r\nBcc: victim@example.org\r\n\r\n.\r\nRCPT TO:<victim@example.org>\u2028y";
    const alert = { ...first, summary: evil, rule: "a\r\nX-Evil: 1", consequences: [evil] };
    const message = { ...MESSAGE, node_id: "n\r\nX-Evil: 1", site: evil, alerts: [alert] };
    expect(await send({}, message)).toEqual({ kind: "delivered" });
    expect(server.mails).toHaveLength(1);
    expect(server.mails[0]?.to).toHaveLength(2);
    const header = server.mails[0]?.data.split("\n\n")[0] ?? "";
    expect(header).not.toMatch(/^(Bcc|X-Evil):/im);
    expect(server.commands.filter((line) => line.startsWith("RCPT"))).toHaveLength(2);
  });

  test("logs in with the password of the file; a wrong one is tried again when repaired", async () => {
    server.answer({ login: "patronus\0s3cret" });
    const login = { user: "patronus", password_file: secret("s3cret\n") };
    expect(await send(login)).toEqual({ kind: "delivered" });
    server.stop();
    server = new SmtpServer({ login: "patronus\0other" });
    const delivery = await send(login);
    expect(delivery).toMatchObject({ kind: "retry", afterMs: 300_000 });
    expect(JSON.stringify(delivery)).not.toContain("s3cret");
    expect(server.mails).toEqual([]);
  });

  test("with starttls nothing is sent to a server that has none", async () => {
    expect(await send({ security: "starttls" })).toMatchObject({ kind: "retry" });
    expect(server.mails).toEqual([]);
    expect(server.commands.some((line) => line.startsWith("MAIL"))).toBe(false);
  });

  test("over TLS the certificate must be of the server's name", async () => {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const made = Bun.spawnSync([
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-nodes", "-days", "2", "-subj", "/CN=mail.test"],
      ...["-addext", "subjectAltName=DNS:mail.test", "-keyout", key, "-out", cert],
    ]);
    expect(made.exitCode).toBe(0);
    const tls = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
    const over = { security: "tls", ca_file: cert } as const;
    server = new SmtpServer({ tls });
    expect(await send({ ...over, server: "mail.test" })).toEqual({ kind: "delivered" });
    server.stop();
    server = new SmtpServer({ tls });
    expect(await send({ ...over, server: "other.test" })).toMatchObject({ kind: "retry" });
    expect(server.mails).toEqual([]);
  });

  test.each([
    [{ RCPT: "550 no such user" }, "permanent"],
    [{ RCPT: "450 greylisted" }, "retry"],
    [{ MAIL: "451 later" }, "retry"],
    [{ END: "554 spam" }, "permanent"],
    [{ END: "452 no room" }, "retry"],
  ])("the answer %p is %s", async (replies, kind) => {
    server.answer({ replies });
    expect((await send()).kind).toBe(kind as "retry");
  });

  test("a server that says nothing costs the timeout", async () => {
    server.answer({ isSilent: true });
    expect(await send({ timeout_secs: 1 })).toMatchObject({ kind: "retry" });
  });

  test("nobody listens: try again", async () => {
    expect(await send({ port: 9 })).toMatchObject({ kind: "retry" });
  });
});
