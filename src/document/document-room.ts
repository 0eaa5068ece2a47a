/**
 * The cluster document of a running node with all that belongs to it: the file that keeps it, the other nodes, the browsers, who is
 * there, and the alerts that this node raises.
 *
 * Invariant: whatever changes the document, wherever it came from, goes through `ClusterDocument`, and from there to everybody else.
 */

import type { NodeId } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import type { Signer } from '../../net/framing/envelope.ts';
import type { Trust } from '../../net/gossip/check-record.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { Network } from '../../net/network.ts';
import { Quarantine } from '../datadir/quarantine.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import type { Disk } from '../disk/disk.ts';
import type { NodeEvent } from '../node/events.ts';
import { AlertBoard } from './alert-board.ts';
import { alertOf } from './alert-of.ts';
import { BrowserSession } from './browser-session.ts';
import { ClusterDocument } from './cluster-document.ts';
import { DocumentStore } from './document-store.ts';
import { Presences } from './presences.ts';
import { DocumentReplicator } from './replicator.ts';
import { readAlerts, readDocument, readMembers, type AlertView, type DocumentView } from './shape.ts';

export interface DocumentRoomOptions extends Trust {
  readonly cluster: string;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly disk: Disk;
  readonly layout: DatadirLayout;
  /** Not started. */
  readonly network: Network;
  readonly onEvent: (event: NodeEvent) => void;
}

export interface DocumentStatus {
  /** Encoded, at most. */
  readonly bytes: number;
  readonly alerts: number;
  /** Of these, the ones that nobody has acknowledged. */
  readonly unacknowledged: number;
  /** Alerts of this node for which there was no room. */
  readonly dropped: number;
  /** Browsers that are connected to this node. */
  readonly clients: number;
}

export class DocumentRoom {
  readonly document: ClusterDocument;
  readonly presences: Presences;
  readonly #options: DocumentRoomOptions;
  readonly #store: DocumentStore;
  readonly #replicator: DocumentReplicator;
  readonly #board: AlertBoard;
  readonly #self: NodeId;
  #clients = 0;
  #counted: { readonly revision: number; readonly alerts: readonly AlertView[] } | undefined;

  constructor(options: DocumentRoomOptions) {
    this.#options = options;
    const { cluster, signer, clock, random, disk, layout, onEvent } = options;
    this.#self = signer.node;
    const document = (this.document = new ClusterDocument(cluster, random));
    const presences = (this.presences = new Presences({
      clock,
      client: () => document.client,
      name: () => this.#ownName(),
    }));
    this.#store = new DocumentStore({
      disk,
      clock,
      directory: layout.document,
      quarantine: new Quarantine({ disk, clock, random, directory: layout.quarantine }),
      document,
      onDamaged: (file, error) => onEvent({ type: 'file-quarantined', file, error }),
      onFailure: (file, error) => onEvent({ type: 'write-failed', file, error }),
    });
    this.#replicator = new DocumentReplicator({ ...options, document, presences });
    this.#board = new AlertBoard({ document, clock, random, self: signer.node });
  }

  /** Reads what was kept. Throws a `DiskError`, and `ERR_UNKNOWN_VERSION` for the file of a later version. */
  open(): Promise<void> {
    return this.#store.open();
  }

  /** The network is up. */
  start(): void {
    this.#replicator.start();
    this.presences.start();
    this.#board.start();
  }

  /** While the network still is. */
  async stop(): Promise<void> {
    this.#board.stop();
    this.presences.stop();
    await this.#replicator.stop();
    await this.#store.close();
  }

  /** Raises an alert when the event is worth one. */
  note(event: NodeEvent): void {
    const alert = alertOf(event, this.#self);
    if (alert !== undefined) this.#board.note(alert);
  }

  connect(mayWrite: boolean, send: (frame: Uint8Array) => void): BrowserSession {
    const { document, presences } = this;
    this.#clients++;
    const onEnd = (): void => void this.#clients--;
    return new BrowserSession({ document, presences, clock: this.#options.clock, mayWrite, send, onEnd });
  }

  read(): DocumentView {
    return this.document.read(readDocument);
  }

  status(): DocumentStatus {
    const { revision } = this.document;
    if (this.#counted?.revision !== revision) this.#counted = { revision, alerts: this.document.read(readAlerts) };
    const { alerts } = this.#counted;
    return {
      bytes: this.document.sizeBytes,
      alerts: alerts.length,
      unacknowledged: alerts.filter(({ acknowledgement }) => acknowledgement === null).length,
      dropped: this.#board.dropped,
      clients: this.#clients,
    };
  }

  /** The label that people gave it, or the end of its peer id: they all begin alike. */
  #ownName(): string {
    const peerId = peerIdText(this.#self);
    const label = this.document.read(readMembers).find((member) => member.peerId === peerId)?.label;
    return label === undefined || label === '' ? peerId.slice(-8) : label;
  }
}
