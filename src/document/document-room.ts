/**
 * The cluster document of a running node with all that belongs to it: who is there, and the browsers.
 *
 * Invariant: whatever changes the document, wherever it came from, goes through `ClusterDocument`, and from there to everybody else.
 */

import type { NodeId } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { BrowserSession } from './browser-session.ts';
import { ClusterDocument } from './cluster-document.ts';
import { Presences } from './presences.ts';

export interface DocumentRoomOptions {
  readonly cluster: string;
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: RandomInteger;
}

export class DocumentRoom {
  readonly document: ClusterDocument;
  readonly presences: Presences;
  readonly #options: DocumentRoomOptions;

  constructor(options: DocumentRoomOptions) {
    this.#options = options;
    const { cluster, self, clock, random } = options;
    this.document = new ClusterDocument(cluster, random);
    this.presences = new Presences({ clock, client: () => this.document.client, name: () => shortName(self) });
  }

  start(): void {
    this.presences.start();
  }

  stop(): void {
    this.presences.stop();
  }

  connect(mayWrite: boolean, send: (frame: Uint8Array) => void): BrowserSession {
    const { document, presences } = this;
    return new BrowserSession({ document, presences, clock: this.#options.clock, mayWrite, send });
  }
}

/** The end of a peer id: they all begin alike. */
function shortName(node: NodeId): string {
  return peerIdText(node).slice(-8);
}
