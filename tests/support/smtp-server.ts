/**
 * A small SMTP server for tests (RFC 5321): AUTH PLAIN, replies that a test chooses, and what it
 * was sent. With a certificate it speaks TLS from the first octet.
 */

import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";

export interface SmtpOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** user\0password; null: nobody has to log in. */
  readonly login?: string | null;
  /** Replies by command, such as { DATA: "451 later" }; the others are well. */
  readonly replies?: Readonly<Record<string, string>>;
  /** Accept and say nothing. */
  readonly isSilent?: boolean;
}

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
}

export class SmtpServer {
  readonly mails: ReceivedMail[] = [];
  readonly commands: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #options: SmtpOptions;

  constructor(options: SmtpOptions = {}) {
    this.#options = options;
    const serve = (socket: Socket) => this.#serve(socket);
    this.#server =
      options.tls === undefined ? createServer(serve) : createTlsServer(options.tls, serve);
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  answer(options: SmtpOptions): void {
    this.#options = options;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    if (this.#options.isSilent === true) return;
    const say = (text: string) => socket.write(`${text}\r\n`);
    let [from, to, data]: [string, string[], string | null] = ["", [], null];
    let rest = "";
    say("220 test ESMTP");
    socket.on("data", (chunk: Buffer) => {
      rest += chunk.toString("utf8");
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (data !== null) {
          if (line !== ".") {
            data += `${line}\n`;
            continue;
          }
          this.mails.push({ from, to, data });
          [from, to, data] = ["", [], null];
          say(this.#reply("END", "250 taken"));
          continue;
        }
        this.commands.push(line);
        const verb = (line.split(/[ :]/)[0] ?? "").toUpperCase();
        if (verb === "MAIL") from = line;
        if (verb === "RCPT") to.push(line);
        const reply = this.#answerTo(verb, line);
        if (verb === "DATA" && reply.startsWith("354")) data = "";
        say(reply);
        if (verb === "QUIT") socket.end();
      }
    });
  }

  #reply(verb: string, well: string): string {
    return this.#options.replies?.[verb] ?? well;
  }

  #answerTo(verb: string, line: string): string {
    const { login = null } = this.#options;
    if (verb === "EHLO") return login === null ? "250 test" : "250-test\r\n250 AUTH PLAIN";
    if (verb === "DATA") return this.#reply(verb, "354 go on");
    if (verb !== "AUTH") return this.#reply(verb, "250 ok");
    const given = Buffer.from(line.split(" ")[2] ?? "", "base64").toString("utf8");
    return given === `\0${login}` ? "235 welcome" : "535 5.7.8 wrong password";
  }
}
