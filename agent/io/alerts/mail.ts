/**
 * Mail over SMTP. Subject and body hold text from outside, so they are cleaned of everything that
 * ends a line, and the addresses can hold nothing that does. The Message-ID is made of the
 * message's own id: a mail that was delivered twice is recognised.
 */

import { createTransport } from "nodemailer";
import type { SMTPError } from "nodemailer/lib/smtp-connection";
import type { ChannelSender } from "../../controller/alerts/ports.ts";
import type { Delivery } from "../../controller/queue/ports.ts";
import type { MailChannel, Message } from "../../domain/alerts.ts";
import type { Lookup } from "./places.ts";
import { placeOf } from "./places.ts";
import { readCa, readSecret, SecretFault } from "./secrets.ts";
import { fullText, oneLine, subjectOf } from "./text.ts";

const REPAIR_MS = 300_000;
const TEXT_MAX = 300;

export function mailSender(config: MailChannel, lookup?: Lookup): ChannelSender {
  return async (message, signal) => {
    const place = await placeOf(config.server, false, lookup);
    const [address] = place.kind === "found" ? place.addresses : [];
    if (place.kind === "refused" || address === undefined) {
      return retry(place.kind === "refused" ? place.reason : "no address");
    }
    try {
      const transport = createTransport(transportOf(config, address));
      return await sent(transport, mailOf(config, message), signal);
    } catch (error) {
      if (error instanceof SecretFault) return retry(error.message, REPAIR_MS);
      return failure(error);
    }
  };
}

type Transport = ReturnType<typeof createTransport>;
type Mail = ReturnType<typeof mailOf>;

async function sent(transport: Transport, mail: Mail, signal: AbortSignal): Promise<Delivery> {
  const givenUp = Promise.withResolvers<Delivery>();
  const stop = () => {
    transport.close();
    givenUp.resolve(retry("given up"));
  };
  signal.addEventListener("abort", stop, { once: true });
  const work = transport.sendMail(mail).then((): Delivery => ({ kind: "delivered" }), failure);
  const delivery = await Promise.race([work, givenUp.promise]);
  signal.removeEventListener("abort", stop);
  transport.close();
  return delivery;
}

function transportOf(config: MailChannel, address: string) {
  const { server, port, security, user, password_file, ca_file, timeout_secs } = config;
  const timeout = timeout_secs * 1_000;
  const pass = password_file === null ? null : readSecret(password_file);
  return {
    host: address,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls: { servername: server, ...(ca_file === null ? {} : { ca: readCa(ca_file) }) },
    ...(user === null || pass === null ? {} : { auth: { user, pass } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function mailOf({ from, to }: MailChannel, message: Message) {
  const domain = from.slice(from.lastIndexOf("@") + 1);
  const node = oneLine(message.node_id).replace(/[^A-Za-z0-9.-]/g, "-");
  return {
    from: { name: `patronus ${node}`, address: from },
    to: [...to],
    subject: subjectOf(message),
    text: fullText(message),
    date: new Date(message.created_at_ms),
    messageId: `<${message.id}.${node}@${domain}>`,
    headers: {
      "Auto-Submitted": "auto-generated", // RFC 3834: nobody answers it by a machine
      "X-Patronus-Status": message.status,
      "X-Patronus-Severity": message.severity,
    },
  };
}

function retry(reason: string, afterMs: number | null = null): Delivery {
  return { kind: "retry", afterMs, reason };
}

/** RFC 5321 4.2.1: 5yz is for good, but for a password, which somebody will repair. */
function failure(error: unknown): Delivery {
  if (!(error instanceof Error)) return retry("the mail could not be sent");
  const { code = "", responseCode } = error as Partial<SMTPError>;
  const text = oneLine(error.message).slice(0, TEXT_MAX);
  if (code === "EAUTH") return retry(`the mail server refused the password: ${text}`, REPAIR_MS);
  const isFinal = responseCode !== undefined && responseCode >= 500;
  if (isFinal && ["EENVELOPE", "EMESSAGE"].includes(code)) {
    return { kind: "permanent", status: responseCode, text };
  }
  return retry(`the mail could not be sent: ${text}`);
}
