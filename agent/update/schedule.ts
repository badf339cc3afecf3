/**
 * When a box takes a release by itself: a share of the nodes first, each at its own moment, inside
 * the windows of its operator. All of it follows from the node's id, so asking again changes
 * nothing.
 */

import { localTime } from "../domain/calendar.ts";
import type { UnixSeconds } from "../domain/units.ts";
import type { UpdateWindow } from "../domain/update.ts";
import type { Rollout } from "./manifest.ts";

const BUCKETS = 10_000;
const WEEK = 7;
const MINUTES_PER_DAY = 24 * 60;
/** After a failure, in seconds; the last one repeats. */
const RETRIES = [60, 300, 600, 900, 1_800, 3_600];

/** Whether a staged rollout has reached this node. */
export function isChosen(nodeId: string, { percent, salt }: Rollout): boolean {
  return fraction(nodeId, salt) * BUCKETS < percent * (BUCKETS / 100);
}

/** Seconds that this node waits with this release. */
export function delayOf(nodeId: string, release: number, jitterSecs: number): number {
  return Math.floor(fraction(nodeId, `delay ${release}`) * jitterSecs);
}

/** Seconds until the next try; `failures`: so far, in a row. */
export function retryDelay(failures: number): number {
  return RETRIES[Math.min(Math.max(failures, 1), RETRIES.length) - 1] ?? 3_600;
}

/** Without a window every moment is right. */
export function isInWindow(windows: readonly UpdateWindow[], now: UnixSeconds): boolean {
  return windows.length === 0 || windows.some((window) => holds(window, now));
}

function holds({ from, to, days, time_zone }: UpdateWindow, now: UnixSeconds): boolean {
  const [date = "", clock = ""] = localTime(now, time_zone).split(" ");
  const [hours = "0", minutes = "0"] = clock.split(":");
  const minute = Number(hours) * 60 + Number(minutes);
  const today = new Date(`${date}T12:00:00Z`).getUTCDay();
  const isDay = (day: number) => days.length === 0 || days.includes((day + WEEK) % WEEK);
  if (from < to) return isDay(today) && minute >= from && minute < to;
  // Over midnight: the part after it belongs to the day before.
  return (isDay(today) && minute >= from) || (isDay(today - 1) && minute < to % MINUTES_PER_DAY);
}

/** From 0 to below 1, evenly over nodes. */
function fraction(nodeId: string, salt: string): number {
  const digest = new Bun.CryptoHasher("sha256").update(`${nodeId}\0${salt}`).digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}
