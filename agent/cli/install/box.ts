/**
 * The box that something is installed onto: the running one, or a folder that becomes one. Every
 * change is looked at first, so that a second run changes nothing, and is told as what it was.
 */

import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { idOf } from "./accounts.ts";

export type Change = "made" | "changed" | "same" | "removed" | "kept";

export interface Told {
  readonly change: Change;
  readonly what: string;
}

export interface FileForm {
  readonly mode: number;
  /** Names of the box's own user database; absent: root. */
  readonly user?: string;
  readonly group?: string;
}

export class Box {
  readonly root: string;
  readonly isDry: boolean;
  /** Commands that ended badly, or could not be started. */
  readonly failed: string[] = [];
  readonly #tell: (told: Told) => void;

  /** `root` "/": the running box. */
  constructor(root: string, isDry: boolean, tell: (told: Told) => void) {
    this.root = root;
    this.isDry = isDry;
    this.#tell = tell;
  }

  get isRunning(): boolean {
    return this.root === "/";
  }

  at(path: string): string {
    return join(this.root, path);
  }

  has(path: string): boolean {
    return lstatSync(this.at(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** null: there is no such file. */
  read(path: string): string | null {
    return this.has(path) ? readFileSync(this.at(path), "utf8") : null;
  }

  folder(path: string, form: FileForm): Change {
    const stat = lstatSync(this.at(path), { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isDirectory()) {
      throw new Error(`cannot make ${path}: it is there and no folder`);
    }
    if (stat === undefined) this.#do(() => mkdirSync(this.at(path), { recursive: true }));
    return this.#finish(path, form, stat === undefined ? "made" : "same", stat?.mode);
  }

  /** Written beside and renamed: a reader sees the old file or the new one. */
  file(path: string, text: string, form: FileForm): Change {
    const before = this.read(path);
    if (before !== text) this.#do(() => this.#replace(path, (to) => writeFileSync(to, text)));
    const change = before === null ? "made" : before === text ? "same" : "changed";
    return this.#finish(path, form, change, this.#modeOf(path));
  }

  copy(from: string, path: string, form: FileForm): Change {
    const isSame = this.has(path) && digest(from) === digest(this.at(path));
    const change = isSame ? "same" : this.has(path) ? "changed" : "made";
    if (!isSame) this.#do(() => this.#replace(path, (to) => copyFileSync(from, to)));
    return this.#finish(path, form, change, this.#modeOf(path));
  }

  link(path: string, to: string): Change {
    const stat = lstatSync(this.at(path), { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isSymbolicLink()) {
      throw new Error(`cannot link ${path}: a file that is not ours is there`);
    }
    if (stat !== undefined && readlinkSync(this.at(path)) === to) {
      return this.#told("same", `${path} -> ${to}`);
    }
    this.#do(() => {
      rmSync(this.at(path), { force: true });
      symlinkSync(to, this.at(path));
    });
    return this.#told(stat === undefined ? "made" : "changed", `${path} -> ${to}`);
  }

  remove(path: string): void {
    if (!this.has(path)) return;
    this.#do(() => rmSync(this.at(path), { recursive: true }));
    this.#told("removed", path);
  }

  /** What others put there stays. */
  removeEmpty(path: string): void {
    if (!this.has(path)) return;
    try {
      if (!this.isDry) rmdirSync(this.at(path));
      this.#told("removed", path);
    } catch {
      this.#told("kept", `${path}: not empty`);
    }
  }

  /** On the running box only; what fails is in `failed`. Answers whether it went well. */
  run(...command: readonly string[]): boolean {
    if (!this.isRunning) return true;
    this.#told("changed", command.join(" "));
    if (this.isDry || succeeds(command)) return true;
    this.failed.push(command.join(" "));
    return false;
  }

  /** Of a file that belongs to the system: its owner and mode stay. */
  edit(path: string, text: string): Change {
    const stat = lstatSync(this.at(path), { throwIfNoEntry: false });
    if (this.read(path) === text) return "same";
    this.#do(() => {
      this.#replace(path, (to) => {
        writeFileSync(to, text, { mode: 0o600 });
        if (stat === undefined) return;
        chownSync(to, stat.uid, stat.gid);
        chmodSync(to, stat.mode & 0o7777);
      });
    });
    return this.#told("changed", path);
  }

  #modeOf(path: string): number | undefined {
    return lstatSync(this.at(path), { throwIfNoEntry: false })?.mode;
  }

  #replace(path: string, write: (to: string) => void): void {
    const fresh = this.at(`${path}.installing`);
    mkdirSync(dirname(fresh), { recursive: true });
    write(fresh);
    const fd = openSync(fresh, "r");
    fsyncSync(fd);
    closeSync(fd);
    renameSync(fresh, this.at(path));
  }

  #finish(path: string, form: FileForm, change: Change, mode: number | undefined): Change {
    const [uid, gid] = [this.#uid(form.user), this.#gid(form.group)];
    const stat = lstatSync(this.at(path), { throwIfNoEntry: false });
    const isRight =
      stat !== undefined &&
      stat.uid === uid &&
      stat.gid === gid &&
      ((mode ?? 0) & 0o7777) === form.mode;
    if (!isRight) {
      this.#do(() => {
        chownSync(this.at(path), uid, gid);
        chmodSync(this.at(path), form.mode);
      });
    }
    return this.#told(change === "same" && !isRight ? "changed" : change, path);
  }

  #uid(name: string | undefined): number {
    return name === undefined ? 0 : (idOf(this.read("/etc/passwd") ?? "", name) ?? 0);
  }

  #gid(name: string | undefined): number {
    return name === undefined ? 0 : (idOf(this.read("/etc/group") ?? "", name) ?? 0);
  }

  #do(action: () => void): void {
    if (!this.isDry) action();
  }

  #told(change: Change, what: string): Change {
    this.#tell({ change, what });
    return change;
  }
}

function succeeds(command: readonly string[]): boolean {
  try {
    return Bun.spawnSync([...command], { stdio: ["ignore", "inherit", "inherit"] }).exitCode === 0;
  } catch {
    return false; // there is no such command
  }
}

function digest(path: string): string {
  return new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
}
