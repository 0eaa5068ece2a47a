/**
 * Reads a node for the live feed.
 *
 * Invariant: a summary costs what is unfinished and not what is stored; a cell costs a look at one byte, but for unfinished
 * blocks.
 */

import type { Verify } from '../../crdt/block/signing.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { boundAt, EVERYTHING } from '../../net/reconcile/index/item.ts';
import { concernsOf } from '../mode/concerns.ts';
import type { DriftlockNode } from '../node/node.ts';
import { readPeers, readStatus, type StatusSources } from '../node/read-status.ts';
import type { PeerStatus } from '../node/status.ts';
import { cellCode, worse, type CellStatus } from './cell.ts';
import { describeBlock, describeLease } from './describe-block.ts';
import type { FeedSource } from './feed-source.ts';
import {
  DISPUTES_SHOWN_MAX,
  LEASES_SHOWN_MAX,
  OVERVIEW_PIECES,
  PEERS_SHOWN_MAX,
  RIVALS_SHOWN_MAX,
  type DisputeSummary,
  type LeaseSummary,
  type Overview,
  type PeerSummary,
  type Sample,
  type Summary,
} from './frames.ts';

export interface NodeSourceOptions {
  readonly node: DriftlockNode;
  readonly sources: StatusSources;
  readonly isReady: () => boolean;
  readonly verify: Verify;
}

export class NodeSource implements FeedSource {
  readonly #options: NodeSourceOptions;

  constructor(options: NodeSourceOptions) {
    this.#options = options;
  }

  isReady(): boolean {
    return this.#options.isReady();
  }

  cell(number: number): number {
    const { replica, tally } = this.#options.node;
    let status: CellStatus = 'unknown';
    let blocks = 0;
    let isDisputed = false;
    for (const slot of replica.blocks.slotsAt(number)) {
      if (!replica.isHeldAt(slot)) continue;
      blocks++;
      const isFinished = replica.isFinishedAt(slot);
      status = worse(status, isFinished ? 'success' : this.#options.node.view(replica.blocks.keyOf(slot)).status);
      isDisputed ||= tally.disputed > 0 && tally.isDisputed(replica.blocks.keyOf(slot));
    }
    return cellCode({ status, isDisputed, hasRivals: blocks > 1 });
  }

  height(number: number): ReturnType<FeedSource['height']> {
    const { node, verify } = this.#options;
    const keys = node.replica.blocksAt(number).slice(0, RIVALS_SHOWN_MAX);
    return { number, blocks: keys.map((key) => describeBlock(node, key, verify)) };
  }

  counters(): Omit<Sample, 'atMs'> {
    const { node } = this.#options;
    const { tally, counters, modes } = node;
    const peers = readPeers(this.#options.sources).filter(({ connected }) => connected);
    return {
      finished: tally.blocks - tally.unfinishedCount,
      claims: counters.read().claims,
      results: tally.results,
      duplicates: tally.duplicates,
      linked: peers.length,
      agreeing: peers.filter(({ agrees }) => agrees).length,
      convergenceMs: modes.convergenceMs ?? null,
    };
  }

  summary(): Summary {
    const { node } = this.#options;
    const status = readStatus(this.#options.sources);
    const { files, catchUp, loading, keeping, witnesses, validator, clock } = status;
    const { leases, overview } = this.#lookAtBlocks();
    return {
      peerId: status.peerId,
      cluster: status.cluster,
      version: status.version,
      region: status.region,
      mode: status.mode,
      modeHeldMs: status.modeHeldMs,
      modeTrigger: status.modeTrigger,
      claimHold: status.claimHold,
      uptimeMs: status.uptimeMs,
      datadir: status.datadir,
      addresses: [...status.addresses],
      validator: { ...validator },
      clock: {
        standing: clock.standing,
        offsetMs: clock.offsetMs,
        boundMs: clock.boundMs,
        skewBoundMs: clock.skewBoundMs,
      },
      digest: status.digest,
      blocks: { ...status.blocks },
      witnesses: { held: witnesses.held, fetching: witnesses.fetching, outOfReach: witnesses.outOfReach },
      files: { ...files },
      finalBlock: keeping.final?.block ?? null,
      loading,
      catchUp,
      convergenceMs: node.modes.convergenceMs ?? null,
      concerns: [...concernsOf(status)],
      peers: status.peers.slice(0, PEERS_SHOWN_MAX).map(describePeer),
      peersTotal: status.peers.length,
      leases: leases.sort((a, b) => a.remainingMs - b.remainingMs).slice(0, LEASES_SHOWN_MAX),
      leasesTotal: leases.length,
      disputes: this.#disputes(),
      overview,
    };
  }

  /** All that takes a look at every unfinished block, in one go. */
  #lookAtBlocks(): { readonly leases: LeaseSummary[]; readonly overview: Overview | null } {
    const { node } = this.#options;
    const leases: LeaseSummary[] = [];
    const overview = this.#emptyOverview();
    const pieceOf = (number: number): Overview['pieces'][number] | undefined =>
      overview?.pieces[Math.floor((number - overview.lowest) / overview.width)];
    for (const key of node.tally.unfinished()) {
      const { status, lease } = node.view(key);
      const piece = pieceOf(key.number);
      if (piece !== undefined && status !== 'success') piece[status]++;
      if (lease !== undefined) leases.push({ ...key, ...describeLease(node, key, lease) });
    }
    for (const { number } of node.tally.disputedBlocks()) {
      const piece = pieceOf(number);
      if (piece !== undefined) piece.disputed++;
    }
    return { leases, overview };
  }

  #emptyOverview(): Overview | null {
    const { index } = this.#options.node.replica;
    const lowest = index.items(EVERYTHING, 1)[0]?.number;
    const highest = index.tip;
    if (lowest === undefined || highest === undefined) return null;
    const width = Math.ceil((highest - lowest + 1) / OVERVIEW_PIECES);
    const pieces = Array.from({ length: Math.ceil((highest - lowest + 1) / width) }, (_, at) => {
      const from = lowest + at * width;
      const { count: total } = index.summary({ from: boundAt(from), to: boundAt(from + width) });
      return { total, idle: 0, processing: 0, failed: 0, disputed: 0 };
    });
    return { lowest, highest, width, pieces };
  }

  #disputes(): DisputeSummary[] {
    const { node } = this.#options;
    const found: DisputeSummary[] = [];
    for (const key of node.tally.disputedBlocks()) {
      if (found.length === DISPUTES_SHOWN_MAX) break;
      const { dispute } = node.view(key);
      if (dispute === undefined) continue;
      const { kind, roots, succeeded, failed } = dispute;
      found.push({
        ...key,
        kind,
        roots: [...roots],
        succeeded: succeeded.map(peerIdText),
        failed: failed.map(peerIdText),
      });
    }
    return found;
  }
}

function describePeer(peer: PeerStatus): PeerSummary {
  const { peerId, connected, live, region, version, roundTripMs, silentMs, mode, agrees, records, clock } = peer;
  const { offsetMs, boundMs, skewed } = clock;
  return {
    peerId,
    connected,
    live,
    region,
    version,
    roundTripMs,
    offsetMs,
    boundMs,
    skewed,
    silentMs,
    mode,
    agrees,
    records,
  };
}
