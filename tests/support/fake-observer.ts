/** Hears what the driver tells of paths and keeps it as words. */

import type { PathObserver } from "../../agent/controller/failover/path-observer.ts";

export class FakeObserver implements PathObserver {
  readonly heard: string[] = [];

  ingested(_: Uint8Array, paths: Uint32Array, count: number): void {
    this.heard.push(`ingested ${[...paths.subarray(0, count)].join(" ")}`);
  }

  statusChanged(path: number): void {
    this.heard.push(`status ${path}`);
  }

  verdict(kind: number, index: number): void {
    this.heard.push(`verdict ${kind} ${index}`);
  }

  stalled(): void {
    this.heard.push("stalled");
  }

  peerChanged(generation: number): void {
    this.heard.push(`peer ${generation}`);
  }

  frame(): boolean {
    return false;
  }
}
