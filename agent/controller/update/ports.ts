/** The seams of updates in the controller: the server with the releases, and what it is told. */

import type { Payload } from "../../update/manifest.ts";
import type { SignedDocuments } from "../../update/trust.ts";

export type Got<T> =
  | { readonly kind: "got"; readonly value: T }
  /** Of the network or the disk: another try may end otherwise. */
  | { readonly kind: "failed"; readonly reason: string };

export interface UpdateSite {
  /** Key list and manifest with their signatures, unverified. Never rejects. */
  documents(url: string, channel: string): Promise<Got<SignedDocuments>>;
  /**
   * The payload and its documents into the folder that the supervisor looks into; goes on where an
   * earlier try ended. Never rejects.
   */
  fetch(order: FetchOrder): Promise<Got<null>>;
  stop(): void;
}

export interface FetchOrder {
  readonly url: string;
  readonly payload: Payload;
  readonly documents: SignedDocuments;
  /** Octets that are there. */
  progress(octets: number): void;
}

/** A path that the update would take. */
export interface Way {
  readonly id: string;
  readonly isUp: boolean;
  readonly isMetered: boolean;
}
