/**
 * Keeps the node's mode: looks at what is seen, twice a second, and tells of every change and of every convergence.
 *
 * Invariant: the mode is what `stepMode` says of what was seen at the last look. In `degraded` the node goes on with what it
 * has; whether it goes on claiming is the operator's choice.
 */

import type { NodeId } from '../../crdt/ids.ts';
import type { Mode } from '../../net/presence/heartbeat.ts';
import type { NodeSettings, NodeWorld } from '../node/options.ts';
import { HEARTBEATS_MISSED_MAX, type PresenceKeeper } from '../presence/presence.ts';
import type { Reconciler, ReconcileEvent } from '../reconcile/reconciler.ts';
import type { Replica } from '../replica/replica.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { BlockWindow } from '../upkeep/window.ts';
import { Convergence, type ConvergedEpisode, type ReachedMember } from './convergence.ts';
import {
  initialMode,
  stepMode,
  type ModeSight,
  type ModeState,
  type ModeTrigger,
  type SeenMember,
} from './step-mode.ts';

/** Whether a degraded node goes on claiming blocks. A partition then costs duplicates; pausing costs progress. */
export const DEGRADED_CLAIMING = ['continue', 'pause'] as const;
export type DegradedClaiming = (typeof DEGRADED_CLAIMING)[number];

export type ModeEvent =
  | {
      readonly type: 'mode-changed';
      readonly from: Mode;
      readonly to: Mode;
      readonly trigger: ModeTrigger;
      readonly claiming: 'on' | 'paused';
      readonly sight: ModeSight;
    }
  | ({ readonly type: 'converged' } & ConvergedEpisode);

/** What of a node decides its mode. */
export interface ModeParts {
  readonly presence: Pick<PresenceKeeper, 'of'>;
  readonly reconciler: Pick<Reconciler, 'agreementWith'>;
  readonly replica: Pick<Replica, 'size'>;
  readonly store: Pick<BlockStore, 'dirtyCount'>;
  readonly housekeeping: { readonly window: Pick<BlockWindow, 'from'> };
}

export interface ModeHooks {
  readonly onEvent: (event: ModeEvent) => void;
  /** The mode has changed, and with it whether the node claims. */
  readonly onChanged: () => void;
}

/** What the keeper takes of a node's settings and of its world. */
export type ModeSettings = Pick<NodeSettings, 'heartbeatMs' | 'degradedClaiming'>;
export type ModeWorld = Pick<NodeWorld, 'clock' | 'members'> & { readonly signer: { readonly node: NodeId } };

/** Between two looks. */
export const LOOK_MS = 500;

export class ModeKeeper {
  readonly #settings: ModeSettings;
  readonly #world: ModeWorld;
  readonly #parts: ModeParts;
  readonly #hooks: ModeHooks;
  readonly #convergence = new Convergence();
  #state: ModeState;
  #convergenceMs: number | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(settings: ModeSettings, world: ModeWorld, parts: ModeParts, hooks: ModeHooks) {
    this.#settings = settings;
    this.#world = world;
    this.#parts = parts;
    this.#hooks = hooks;
    this.#state = initialMode(world.clock.monotonicMs());
  }

  get mode(): Mode {
    return this.#state.mode;
  }

  get trigger(): ModeTrigger {
    return this.#state.trigger;
  }

  /** What the last convergence took; undefined: nothing has had to converge. */
  get convergenceMs(): number | undefined {
    return this.#convergenceMs;
  }

  /** How long the node has been in its mode. */
  get heldForMs(): number {
    return this.#world.clock.monotonicMs() - this.#state.sinceMs;
  }

  /** Set while the mode holds the node back from claiming blocks. */
  get claimHold(): 'degraded' | undefined {
    return this.mode === 'degraded' && this.#settings.degradedClaiming === 'pause' ? 'degraded' : undefined;
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  /** Told of every session that ended well. */
  noteSession({ peer, stats }: Extract<ReconcileEvent, { type: 'reconciled' }>): void {
    this.#convergence.noteSession(peer, stats, this.#world.clock.monotonicMs());
  }

  #look(): void {
    const { clock } = this.#world;
    const { heartbeatMs } = this.#settings;
    const { replica, store } = this.#parts;
    this.#cancelTimer = clock.schedule(LOOK_MS, () => this.#look());
    const nowMs = clock.monotonicMs();
    const others = this.#others(nowMs);
    const episode = this.#convergence.look(reachedOf(others, heartbeatMs), nowMs);
    if (episode !== undefined) {
      this.#convergenceMs = episode.durationMs;
      this.#hooks.onEvent({ type: 'converged', ...episode });
    }
    const seen = others.map((other) => ({ ...other, isSettled: this.#convergence.isSettled(other.node) }));
    const situation = { others: seen, ownRecords: replica.size, queueDepth: store.dirtyCount };
    const before = this.mode;
    const { state, sight, hasChanged } = stepMode(this.#state, situation, nowMs, heartbeatMs);
    this.#state = state;
    if (hasChanged) this.#changed(before, sight);
  }

  #others(nowMs: number): (Omit<SeenMember, 'isSettled'> & ReachedMember)[] {
    const { members, signer } = this.#world;
    const { presence, reconciler, housekeeping } = this.#parts;
    const isComparable = housekeeping.window.from === 0;
    return members().flatMap((node) => {
      if (node === signer.node) return [];
      const heard = presence.of(node);
      return {
        node,
        heartbeatAgeMs: heard === undefined ? undefined : nowMs - heard.heardAtMs,
        // A member that keeps more than this node is the one to tell, and starts a session when they differ.
        agrees: heard !== undefined && reconciler.agreementWith(heard.heartbeat) !== 'differ',
        // Of how many records a node with a window lacks no heartbeat tells.
        recordCount: isComparable ? (heard?.heartbeat.recordCount ?? 0) : 0,
      };
    });
  }

  #changed(from: Mode, sight: ModeSight): void {
    const { onEvent, onChanged } = this.#hooks;
    const claiming = this.claimHold === undefined ? 'on' : 'paused';
    onEvent({ type: 'mode-changed', from, to: this.mode, trigger: this.trigger, claiming, sight });
    onChanged();
  }
}

function reachedOf(
  others: readonly (ReachedMember & Pick<SeenMember, 'heartbeatAgeMs'>)[],
  heartbeatMs: number,
): ReachedMember[] {
  const ageMsMax = HEARTBEATS_MISSED_MAX * heartbeatMs;
  return others.filter(({ heartbeatAgeMs }) => heartbeatAgeMs !== undefined && heartbeatAgeMs < ageMsMax);
}
