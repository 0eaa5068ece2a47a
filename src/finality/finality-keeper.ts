/**
 * Keeps `chain.status` the same on all nodes: takes in what programs write there, tells the others, and writes back what
 * they know.
 *
 * Invariant: the file only ever goes up. A lower or another block, from the file or from a member, never wins; from the file
 * it is overwritten with what is known, and raised as an alert.
 */

import type { Verify } from '../../crdt/block/signing.ts';
import { isFailure } from '../../crdt/errors.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import {
  decodeFinality,
  encodeFinality,
  FINALITY_TOPIC,
  isFinalitySigned,
  type ReceivedFinality,
} from '../../net/finality/message.ts';
import type { Signer } from '../../net/framing/envelope.ts';
import type { GossipVerdict, Network } from '../../net/network.ts';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import { sameFile, type Disk, type FileIdentity } from '../disk/disk.ts';
import { CHAIN_STATUS_BYTES_MAX, decodeChainStatus, encodeChainStatus } from '../files/chain-status.ts';
import { CHAIN_STATUS_FILE } from '../files/file-names.ts';
import { readSettled } from '../intake/settled-read.ts';
import type { FinalityRegister } from './register.ts';

/** Undefined: the file of this node. */
export type FinalitySource = NodeId | undefined;

export type FinalityEvent =
  | { readonly type: 'finality-raised'; readonly final: BlockKey; readonly from: FinalitySource }
  /** The file was set back. */
  | { readonly type: 'finality-lower'; readonly final: BlockKey; readonly found: BlockKey }
  | { readonly type: 'finality-conflict'; readonly found: BlockKey; readonly from: FinalitySource }
  /** A block has a Success although another one of its number is final. */
  | { readonly type: 'finality-contradicted'; readonly key: BlockKey }
  | { readonly type: 'file-unreadable'; readonly file: string; readonly error: unknown };

export interface FinalityKeeperOptions {
  readonly register: FinalityRegister;
  readonly network: Network;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly writer: DurableWriter;
  readonly layout: DatadirLayout;
  readonly cluster: string;
  readonly signer: Signer;
  readonly isMember: (node: NodeId) => boolean;
  readonly verify: Verify;
  /** Between two looks at the file, beside the watcher. */
  readonly scanIntervalMs: number;
  readonly onEvent: (event: FinalityEvent) => void;
}

/** How often a node repeats what it knows, for those who were not there. */
const REPEAT_MS = 5_000;

export class FinalityKeeper {
  readonly #options: FinalityKeeperOptions;
  #known: FileIdentity | undefined;
  /** What the file says, as far as this node wrote it or took it in. */
  #written: BlockKey | undefined;
  #looking: Promise<void> = Promise.resolve();
  /** The last conflict that was reported of each source. */
  readonly #reported = new Map<FinalitySource, string>();
  #cancelScan: () => void = () => undefined;
  #cancelRepeat: () => void = () => undefined;
  #unwatch: () => void = () => undefined;
  #isStopped = false;

  constructor(options: FinalityKeeperOptions) {
    this.#options = options;
    options.network.subscribe(FINALITY_TOPIC, ({ bytes }) => this.#receive(bytes));
  }

  /** Reads the file for the first time. */
  async start(): Promise<void> {
    const { disk, layout } = this.#options;
    try {
      this.#unwatch = disk.watch(layout.root, (name) => {
        if (name === undefined || name === CHAIN_STATUS_FILE) void this.look();
      });
    } catch (error) {
      if (!isFailure(error)) throw error;
      // The scan sees it all the same.
      this.#options.onEvent({ type: 'file-unreadable', file: layout.root, error });
    }
    await this.look();
    this.#scheduleScan();
    this.repeat();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unwatch();
    this.#cancelScan();
    this.#cancelRepeat();
    await this.#looking;
  }

  /** Tells the others now, and again in a while. */
  repeat(): void {
    this.#cancelRepeat();
    if (this.#isStopped) return;
    this.#cancelRepeat = this.#options.clock.schedule(REPEAT_MS, () => this.repeat());
    const { register, network, cluster, signer, clock } = this.#options;
    if (register.last === undefined) return;
    const message = { node: signer.node, sentAtWallMs: Math.max(0, Math.floor(clock.wallMs())), final: register.last };
    // Nobody in reach is no failure of ours, and the next message comes anyway.
    network.publish(FINALITY_TOPIC, encodeFinality(cluster, signer, message)).catch(() => {});
  }

  /** Looks at the file, and makes it say what is known. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      if (this.#isStopped) return;
      try {
        while (!(await this.#lookOnce()));
      } catch (error) {
        if (!isFailure(error)) throw error;
        this.#options.onEvent({ type: 'file-unreadable', file: this.#options.layout.chainStatus, error });
      }
    });
    return this.#looking;
  }

  /** False when the file changed before it could be written. */
  async #lookOnce(): Promise<boolean> {
    const { disk, clock, layout, register, writer, onEvent } = this.#options;
    const identity = await disk.identify(layout.chainStatus);
    if (!sameFile(identity, this.#known)) {
      const read = await readSettled({ disk, clock }, layout.chainStatus, CHAIN_STATUS_BYTES_MAX, (content) => ({
        identity: content.identity,
        status: decodeChainStatus(content.bytes),
      }));
      if (read.kind === 'bad') {
        this.#known = read.identity;
        onEvent({ type: 'file-unreadable', file: layout.chainStatus, error: read.error });
      } else this.#known = read.kind === 'good' ? read.value.identity : undefined;
      if (read.kind === 'good') {
        const { blockNumber: number, blockHash: hash } = read.value.status;
        if (this.#offer({ number, hash }, undefined)) return true;
      }
    } else if (this.#written === register.last) return true;
    const { last } = register;
    if (last === undefined) return true;
    const bytes = encodeChainStatus({ blockNumber: last.number, blockHash: last.hash });
    const outcome = await writer.write(layout.chainStatus, bytes, { durability: 'durable', expected: this.#known });
    if (!outcome.replaced) return false;
    this.#known = outcome.identity;
    this.#written = last;
    return true;
  }

  /** Whether `key` is what is known now. */
  #offer(key: BlockKey, from: FinalitySource): boolean {
    const { register, onEvent } = this.#options;
    const outcome = register.offer(key);
    const { last } = register;
    switch (outcome) {
      case 'raised':
        if (from === undefined) this.#written = last;
        onEvent({ type: 'finality-raised', final: key, from });
        this.repeat();
        return true;
      case 'same':
        if (from === undefined) this.#written = last;
        return true;
      case 'lower':
        // A member that is behind is nothing to report; a file that was set back is.
        if (from === undefined && last !== undefined) onEvent({ type: 'finality-lower', final: last, found: key });
        return false;
      case 'conflict': {
        const text = `${key.number}.${key.hash}`;
        if (this.#reported.get(from) !== text) onEvent({ type: 'finality-conflict', found: key, from });
        this.#reported.set(from, text);
        return false;
      }
    }
    return false;
  }

  #receive(bytes: Uint8Array): GossipVerdict {
    const { cluster, isMember, verify } = this.#options;
    let received: ReceivedFinality;
    try {
      received = decodeFinality(bytes);
    } catch (error) {
      if (!isFailure(error)) throw error;
      return isFailure(error, 'ERR_UNKNOWN_VERSION') ? 'ignore' : 'reject';
    }
    const { node, final } = received.message;
    if (!isMember(node)) return 'ignore';
    if (!isFinalitySigned(received, cluster, verify)) return 'reject';
    const before = this.#options.register.last;
    this.#offer(final, node);
    if (this.#options.register.last !== before) void this.look();
    return 'accept';
  }

  #scheduleScan(): void {
    this.#cancelScan = this.#options.clock.schedule(this.#options.scanIntervalMs, () => {
      void this.look();
      this.#scheduleScan();
    });
  }
}
