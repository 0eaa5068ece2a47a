/**
 * A validator beside a node that asks it for blocks (`driftlock_next`, `driftlock_claim`), renews its lease while it works,
 * and reports what it found; some release what they were given, and some vanish.
 *
 * Invariant: it does nothing that a program on that machine could not do, and dies with the machine.
 */

import { ZERO_HASH, type BlockKey } from '../../crdt/ids.ts';
import { pause, type RandomInteger } from '../../net/clock.ts';
import { isFailure } from '../../crdt/errors.ts';
import type { ClientLeases } from '../claim/client-leases.ts';
import { shortBlock } from './event-line.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** Between two calls for a block. */
const ASK_MS = 400;
/** How long one call waits for a block at most. */
const WAIT_MS_MAX = 5_000;
/** Of ten calls, how many ask for a block by name; of ten blocks, how many are left without a word, and released. */
const BY_NAME_OF_TEN = 2;
const VANISHED_OF_TEN = 1;
const RELEASED_OF_TEN = 1;

export class ApiClient {
  readonly #world: World;
  readonly #machine: Machine;
  readonly #random: RandomInteger;
  readonly #stopping = new AbortController();
  #isWorking = false;

  constructor(world: World, machine: Machine) {
    this.#world = world;
    this.#machine = machine;
    this.#random = world.randomFor(`api client ${machine.index}`);
  }

  start(): void {
    if (this.#stopping.signal.aborted) return;
    this.#world.time.schedule(ASK_MS, () => this.start());
    const { node, state, clock } = this.#machine;
    if (this.#isWorking || node === undefined || state !== 'running' || clock.isPaused) return;
    this.#isWorking = true;
    void this.#machine
      .runProgram(() => this.#work(node.claims.clients, [...node.tally.unfinished()]))
      .catch((error: unknown) => {
        if (!isFailure(error)) throw error;
        this.#note(`fails: ${error.message}`);
      })
      .finally(() => (this.#isWorking = false));
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #work(clients: ClientLeases, unfinished: readonly BlockKey[]): Promise<void> {
    const wanted = this.#random(10) < BY_NAME_OF_TEN ? unfinished[this.#random(unfinished.length)] : undefined;
    const claimed =
      wanted === undefined
        ? await clients.next(undefined, this.#random(WAIT_MS_MAX), this.#stopping.signal)
        : clients.claim(wanted);
    if (claimed?.claimed !== true) return;
    const { key, epoch } = claimed;
    const kind = this.#random(10);
    if (kind < VANISHED_OF_TEN) {
      this.#note(`vanishes with ${shortBlock(key)}`);
      return;
    }
    if (!(await this.#validate(clients, key, epoch))) return;
    const outcome = this.#world.findings.find(`the client on ${this.#machine.name}`, key);
    if (outcome.kind === 'error' || kind < VANISHED_OF_TEN + RELEASED_OF_TEN) {
      clients.release(key, epoch);
      this.#note(`releases ${shortBlock(key)}`);
      return;
    }
    const stateRoot = outcome.stateRoot ?? ZERO_HASH;
    await clients.complete(key, epoch, { verdict: outcome.kind, stateRoot, blobIds: [] });
    this.#note(`completes ${shortBlock(key)}, epoch ${epoch}`);
  }

  /** Renews the lease three times in its duration. False: it was stopped. Throws when the lease is lost. */
  async #validate(clients: ClientLeases, key: BlockKey, epoch: number): Promise<boolean> {
    const { clock } = this.#machine;
    const stepMsMax = this.#world.settings.lockTimeMs / 3;
    for (let leftMs = this.#world.findings.validationMs(key); leftMs > 0;) {
      const stepMs = Math.min(leftMs, stepMsMax);
      await pause(clock, stepMs);
      if (this.#stopping.signal.aborted) return false;
      leftMs -= stepMs;
      if (leftMs > 0) clients.renew(key, epoch);
    }
    return true;
  }

  #note(what: string): void {
    this.#world.trace.note(this.#machine.name, `the client ${what}`);
  }
}
