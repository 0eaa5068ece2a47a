/**
 * Says every second that this node is there and in which state, and keeps what the others say.
 *
 * Invariant: who counts as alive is decided by this node's monotonic clock and its own sightings alone.
 */

import type { Verify } from '../../crdt/block/signing.ts';
import type { NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import type { Signer } from '../../net/framing/envelope.ts';
import type { Network } from '../../net/network.ts';
import { encodeHeartbeat, PRESENCE_TOPIC, type Heartbeat } from '../../net/presence/heartbeat.ts';
import { receiveHeartbeat } from '../../net/presence/receive.ts';
import { EMPTY_PRESENCE, liveMembers, type Presence, type PresenceTable } from '../../net/presence/table.ts';

/** What a heartbeat says beyond who sent it and when. */
export type HeartbeatContent = Omit<Heartbeat, 'node' | 'startedAtWallMs' | 'sequence' | 'sentAtWallMs'>;

export interface PresenceOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly cluster: string;
  readonly signer: Signer;
  readonly isMember: (node: NodeId) => boolean;
  readonly verify: Verify;
  readonly heartbeatMs: number;
  /** What this node says of itself now. */
  readonly describe: () => HeartbeatContent;
  readonly onHeard: (heartbeat: Heartbeat) => void;
}

/** A node that missed this many heartbeats in a row is taken for gone. */
export const HEARTBEATS_MISSED_MAX = 5;

export class PresenceKeeper {
  readonly #options: PresenceOptions;
  readonly #startedAtWallMs: number;
  #table: PresenceTable = EMPTY_PRESENCE;
  #sequence = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#startedAtWallMs = options.clock.wallMs();
    options.network.subscribe(PRESENCE_TOPIC, ({ bytes }) => {
      const { cluster, isMember, verify, clock } = options;
      const receipt = receiveHeartbeat(this.#table, bytes, clock.monotonicMs(), { cluster, isMember, verify });
      this.#table = receipt.table;
      if (receipt.heartbeat !== undefined) options.onHeard(receipt.heartbeat);
      return receipt.verdict;
    });
  }

  start(): void {
    this.beat();
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  /** Sends a heartbeat now, and the next one a period later. */
  beat(): void {
    const { clock, cluster, signer, network, heartbeatMs, describe } = this.#options;
    this.#cancelTimer?.();
    this.#cancelTimer = clock.schedule(heartbeatMs, () => this.beat());
    const heartbeat: Heartbeat = {
      ...describe(),
      node: signer.node,
      startedAtWallMs: this.#startedAtWallMs,
      sequence: this.#sequence++,
      sentAtWallMs: clock.wallMs(),
    };
    // Nobody in reach is no failure of ours, and the next heartbeat comes anyway.
    network.publish(PRESENCE_TOPIC, encodeHeartbeat(cluster, signer, heartbeat)).catch(() => {});
  }

  /** The last heartbeat of `node`, if any. */
  of(node: NodeId): Presence | undefined {
    return this.#table.get(node);
  }

  /** Members heard of lately, by id. */
  live(): readonly NodeId[] {
    const { clock, heartbeatMs } = this.#options;
    return liveMembers(this.#table, clock.monotonicMs(), heartbeatMs * HEARTBEATS_MISSED_MAX);
  }

  /** Of these, the ones that may claim blocks: they run a validator, and know of nothing wrong with their clock. */
  liveClaimants(): readonly NodeId[] {
    return this.live().filter((node) => {
      const heartbeat = this.#table.get(node)?.heartbeat;
      return heartbeat !== undefined && heartbeat.validates && !heartbeat.isSkewed;
    });
  }
}
