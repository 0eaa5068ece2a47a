import assert from 'node:assert/strict';
import { parseBlockFileName } from '../../src/files/file-names.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { pause } from '../../net/clock.ts';
import { readReferenceValidate, writeReferenceValidate, type ReferenceStatus } from '../cluster/reference-format.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, type Machine } from './memory-cluster.ts';
import { rootOf } from './scripted-validator.ts';

const NO_ROOT = `0x${'00'.repeat(32)}`;
const POLL_MS = 20;
const VALIDATION_MS = 400;
const LOCK_MS = 30_000;

/**
 * A validator as the reference is one: it goes through the witnesses of its directory as they come, takes a block that is
 * not locked, and never comes back to one that was. `looksAgain`: it does when the witness was written anew.
 */
class ReferenceValidator {
  readonly validated: number[] = [];
  readonly #cluster: Cluster;
  readonly #machine: Machine;
  readonly #looksAgain: boolean;
  readonly #seen = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;

  constructor(cluster: Cluster, machine: Machine, looksAgain = false) {
    this.#cluster = cluster;
    this.#machine = machine;
    this.#looksAgain = looksAgain;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      for (const key of await this.#newBlocks()) if (await this.#isFree(key)) await this.#validate(key);
      await pause(this.#cluster.clock, POLL_MS, signal).catch(() => undefined);
    }
  }

  async #newBlocks(): Promise<BlockKey[]> {
    const { disk, layout } = this.#machine;
    const found: BlockKey[] = [];
    for (const name of (await disk.list(layout.witness)).sort()) {
      const key = parseBlockFileName(name)?.key;
      if (key === undefined) continue;
      const identity = this.#looksAgain ? await disk.identify(this.#machine.path('witness', key)) : undefined;
      const seenAs = `${name} ${JSON.stringify(identity, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))}`;
      if (this.#seen.has(seenAs)) continue;
      this.#seen.add(seenAs);
      found.push(key);
    }
    return found;
  }

  async #isFree(key: BlockKey): Promise<boolean> {
    const bytes = await this.#machine.bytesOf('validate', key);
    if (bytes === undefined) return true;
    const { status, lockTime } = readReferenceValidate(Buffer.from(bytes));
    if (status === 'Success') return false;
    return status !== 'Processing' || Number(lockTime) * 1_000 <= this.#cluster.clock.wallMs();
  }

  async #validate(key: BlockKey): Promise<void> {
    await this.#write(key, 'Processing', NO_ROOT, this.#cluster.clock.wallMs() + LOCK_MS);
    await pause(this.#cluster.clock, VALIDATION_MS, this.#stopping.signal).catch(() => undefined);
    if (this.#stopping.signal.aborted) return;
    this.validated.push(key.number);
    await this.#write(key, 'Success', rootOf(key), 0);
  }

  async #write(key: BlockKey, status: ReferenceStatus, stateRoot: string, lockMs: number): Promise<void> {
    const lockTime = BigInt(Math.ceil(lockMs / 1_000));
    const info = { status, blockHash: key.hash, blockNumber: BigInt(key.number), stateRoot, lockTime, blobIds: [] };
    await this.#machine.write('validate', key, writeReferenceValidate(info));
  }
}

interface Run {
  readonly cluster: Cluster;
  readonly validators: readonly ReferenceValidator[];
  readonly machines: readonly Machine[];
}

async function startRun(reserveMs: number | undefined, looksAgain = false): Promise<Run> {
  const cluster = new Cluster();
  const machines = cluster.add(3, { settings: { reserveMs } });
  await cluster.start();
  await cluster.clock.advance(2_000);
  const validators = machines.map((machine) => new ReferenceValidator(cluster, machine, looksAgain));
  return { cluster, validators, machines };
}

async function dropBlocks({ cluster, machines }: Run, from: number, count: number, everyMs: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    await machines[0]?.dropWitness(keyAt(from + at));
    await cluster.clock.advance(everyMs);
  }
}

async function endRun({ cluster, validators }: Run): Promise<void> {
  const stops = validators.map((validator) => validator.stop());
  await cluster.clock.advance(1_000);
  await Promise.all(stops);
  await cluster.stop();
}

const isFinished =
  ({ machines }: Run, blocks: number) =>
  (): boolean =>
    machines.every(({ node }) => node.tally.blocks === blocks && node.tally.unfinishedCount === 0);

describe('unmodified validators on three machines', function () {
  this.timeout(60_000);

  it('do most blocks several times over without reservations, and hardly one with them', async () => {
    const duplicates: number[] = [];
    for (const reserveMs of [undefined, 10_000]) {
      const run = await startRun(reserveMs);
      await dropBlocks(run, 100, 3, 1_000);
      const before = run.validators.map(({ validated }) => validated.length);
      await dropBlocks(run, 200, 40, 250);
      await run.cluster.until(isFinished(run, 43), 120_000);
      const counts = run.validators.map(({ validated }, at) => validated.length - (before[at] ?? 0));
      duplicates.push(counts.reduce((sum, count) => sum + count, 0) - 40);
      if (reserveMs !== undefined)
        assert(
          counts.every((count) => count > 4),
          `each has its share: ${counts.join(' ')}`,
        );
      await endRun(run);
    }
    const [without = 0, reserved = 0] = duplicates;
    assert(without > 20, `without: ${without}`);
    assert(reserved <= 2, `with: ${reserved}`);
  });

  it('see the reservation before the witness, and a machine that ranks first sees none', async () => {
    const run = await startRun(10_000);
    await dropBlocks(run, 100, 3, 1_000);
    for (const validator of run.validators) void validator.stop();
    await run.cluster.clock.advance(1_000);
    let [reserved, free] = [0, 0];
    for (let at = 0; at < 12; at++) {
      const key = keyAt(300 + at);
      await run.machines[0]?.dropWitness(key);
      for (const machine of run.machines.slice(1)) {
        await run.cluster.until(() => machine.record(key).witnesses.length === 1, 1_000);
        let isVisible = false;
        await run.cluster.clock.advanceUntil(() => {
          void machine.bytesOf('witness', key).then((bytes) => (isVisible ||= bytes !== undefined));
          return isVisible;
        }, 1_000);
        const info = (await machine.validateFile(key))?.info;
        if (info?.status === 'Processing') reserved++;
        else free++;
        assert.equal(machine.record(key).lease, undefined, 'the record knows of no reservation');
        assert.equal(machine.node.view(key).status, 'idle');
      }
    }
    assert(reserved > 6 && free > 2, `${reserved} reserved, ${free} free`);
    await run.cluster.until(() => run.cluster.agrees(), 5_000);
    await endRun(run);
  });

  it('that look at what is written anew take over, machine by machine, what the first one left', async () => {
    const run = await startRun(5_000, true);
    await dropBlocks(run, 100, 3, 1_000);
    // The programs of one machine end, and nobody has noticed yet.
    await run.validators[2]?.stop();
    await dropBlocks(run, 400, 12, 500);
    await run.cluster.until(isFinished(run, 15), 30_000);
    assert.equal(run.machines[0]?.node.tally.duplicates ?? 0, run.machines[1]?.node.tally.duplicates);
    assert((run.machines[0]?.node.tally.duplicates ?? 9) <= 5);
    await endRun(run);
  });

  it('find the reservation beside the witness after a power loss at any moment', async () => {
    let seen = 0;
    for (let crashAfterMs = 0; crashAfterMs < 60; crashAfterMs += 3) {
      const run = await startRun(60_000);
      await dropBlocks(run, 100, 3, 1_000);
      for (const validator of run.validators) void validator.stop();
      await run.cluster.clock.advance(1_000);
      const [first, second] = run.machines;
      assert(first !== undefined && second !== undefined);
      const keys = Array.from({ length: 8 }, (_, at) => keyAt(500 + at));
      for (const key of keys) await first.dropWitness(key);
      await run.cluster.clock.advance(crashAfterMs);
      const wasReserved = await Promise.all(
        keys.map(async (key) => (await second.validateFile(key))?.info.status === 'Processing'),
      );
      await second.crash();
      for (const [at, key] of keys.entries()) {
        if ((await second.bytesOf('witness', key)) === undefined || wasReserved[at] !== true) continue;
        seen++;
        assert.equal((await second.validateFile(key))?.info.status, 'Processing', `${crashAfterMs} ms`);
      }
      for (const machine of run.machines) if (machine !== second) await machine.stop();
    }
    assert(seen > 0);
  });
});
