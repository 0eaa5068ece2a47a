/** Witnesses of settled blocks, which no record names any more, after a bit of their files has rotted. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { backupDirectory } from '../../src/datadir/layout.ts';
import { encodeChainStatus } from '../../src/files/chain-status.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { decodeWitnessFile, encodeWitnessFile } from '../../src/files/witness-file.ts';
import { KEEP_ALL } from '../../src/node/housekeeping-settings.ts';
import type { NodeSettings } from '../../src/node/options.ts';
import { WITNESS_LIMITS } from '../../src/witness/limits.ts';
import { RECALL_AGAIN_MS } from '../../src/witness/recall.ts';
import { Cluster, SETTINGS, witnessFile, type Machine } from '../node/memory-cluster.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { payloadOf } from '../net/witness/peers.ts';

const OLD = keyAt(0);
const LAST = keyAt(3);
const HOUSEKEEPING = { ...KEEP_ALL, archiveAfterBlocks: 1, settleAfterBlocks: 2 };
const NAME = blockFileName('witness', OLD);
/** Of several chunks. */
const LARGE = encodeWitnessFile({
  ...decodeWitnessFile(witnessFile(OLD), NAME).status,
  witnessData: payloadOf(2 * CHUNK_BYTES + 7),
});

interface Settled {
  readonly cluster: Cluster;
  readonly machines: readonly Machine[];
}

function hasBoth({ node }: Machine): boolean {
  return node.shelf.size === 2 && node.tally.blocks === 2 && node.tally.unfinishedCount === 0;
}

/** So many nodes, all of which hold the archived witness of a settled block. */
async function settled(count: number, settings: Partial<NodeSettings> = {}, file = witnessFile(OLD)): Promise<Settled> {
  const cluster = new Cluster();
  const machines = cluster.add(count, { validates: true, settings: { housekeeping: HOUSEKEEPING, ...settings } });
  const [first] = machines;
  assert(first !== undefined);
  await cluster.start();
  await first.write('witness', OLD, file);
  await first.dropWitness(LAST);
  await cluster.until(() => machines.every((machine) => hasBoth(machine)), 30_000);
  await first.disk.create(
    first.layout.chainStatus,
    encodeChainStatus({ blockNumber: LAST.number, blockHash: LAST.hash }),
    { sync: true },
  );
  await cluster.until(() => machines.every((machine) => machine.record(OLD).settled), 30_000);
  await cluster.until(
    () => machines.every(({ node }) => node.files.known('witness', OLD)?.place === 'backup'),
    130_000,
  );
  return { cluster, machines };
}

function archivedPath(machine: Machine, key: BlockKey = OLD): string {
  return join(backupDirectory(machine.layout, key.number), blockFileName('witness', key));
}

/** The file as a reader finds it: in the first place, then in the archive. */
async function held(machine: Machine): Promise<Uint8Array | undefined> {
  return (await machine.bytesOf('witness', OLD)) ?? (await machine.disk.read(archivedPath(machine), 2 ** 30))?.bytes;
}

function rotPayload(machine: Machine): void {
  machine.disk.rot(archivedPath(machine), (bits) => bits - 9);
}

/** Another payload for the same block, good in itself. */
function otherFile(): Uint8Array {
  const witnessData = new TextEncoder().encode('another witness');
  return encodeWitnessFile({ ...decodeWitnessFile(witnessFile(OLD), NAME).status, witnessData });
}

/** Puts `file` in place of the witness that the machine has archived, as if it had always been that. */
async function replace(machine: Machine, file: Uint8Array): Promise<void> {
  await machine.disk.remove(archivedPath(machine));
  await machine.disk.create(archivedPath(machine), file, { sync: true });
  await machine.node.witnesses.intake.takeIn(OLD);
}

function standingOf({ node }: Machine): string {
  return node.witnesses.recall.standing(OLD) ?? node.witnesses.fetcher.standing(OLD);
}

async function reread({ cluster }: Settled, machine: Machine): Promise<string> {
  let standing: string | undefined;
  void machine.node.housekeeping.reread(OLD).then(({ witness }) => (standing = witness));
  await cluster.until(() => standing !== undefined, 10_000);
  return standing ?? '';
}

describe('a rotten witness of a settled block', () => {
  for (const [what, file] of [
    ['of one chunk', witnessFile(OLD)],
    ['of several chunks', LARGE],
  ] as const) {
    it(`${what} is found by the scrub, comes back from a peer byte for byte, and goes to the archive again`, async () => {
      const housekeeping = { ...HOUSEKEEPING, scrubFilesPerSecond: 20 };
      const both = await settled(2, { housekeeping }, file);
      const [, victim] = both.machines;
      assert(victim !== undefined);
      rotPayload(victim);
      assert.notDeepEqual(await held(victim), file);
      await both.cluster.until(() => victim.node.counters.read().filesQuarantined === 1, 700_000);
      await both.cluster.until(() => victim.node.shelf.size === 2, 10_000);
      assert.deepEqual(await held(victim), file);
      assert.equal(standingOf(victim), 'held');
      await both.cluster.until(() => victim.node.files.known('witness', OLD)?.place === 'backup', 70_000);
      assert.deepEqual(await victim.disk.list(victim.layout.partial), []);
      await both.cluster.stop();
    });
  }

  it('comes back when it is read again on demand, also from a peer that came only later', async () => {
    const both = await settled(2);
    const [holder, victim] = both.machines;
    assert(holder !== undefined && victim !== undefined);
    await holder.stop();
    rotPayload(victim);
    await reread(both, victim);
    await both.cluster.until(() => standingOf(victim) === 'out-of-reach', 10_000);
    await holder.start();
    await both.cluster.until(() => victim.node.shelf.size === 2, 20_000);
    assert.deepEqual(await held(victim), witnessFile(OLD));
    await both.cluster.stop();
  });

  it('comes back after a restart between its end in quarantine and its fetch', async () => {
    const both = await settled(2);
    const [holder, victim] = both.machines;
    assert(holder !== undefined && victim !== undefined);
    both.cluster.partition([[holder], [victim]], true);
    rotPayload(victim);
    await reread(both, victim);
    await victim.stop();
    both.cluster.partition([[holder], [victim]], false);
    await victim.start();
    await both.cluster.until(() => victim.node.shelf.size === 2, 20_000);
    assert.deepEqual(await held(victim), witnessFile(OLD));
    await both.cluster.stop();
  });

  it('is not replaced by another one, however many peers hold that', async () => {
    const all = await settled(4);
    const [holder, one, two, victim] = all.machines;
    assert(holder !== undefined && one !== undefined && two !== undefined && victim !== undefined);
    for (const machine of [one, two]) await replace(machine, otherFile());
    await holder.stop();
    rotPayload(victim);
    await reread(all, victim);
    await all.cluster.until(() => standingOf(victim) === 'another', 10_000);
    assert.equal(await held(victim), undefined);
    await holder.start();
    await all.cluster.until(() => victim.node.shelf.size === 2, 20_000);
    assert.deepEqual(await held(victim), witnessFile(OLD));
    await all.cluster.stop();
  });

  it('comes back when the hash in its envelope is what has rotted', async () => {
    const both = await settled(2);
    const [, victim] = both.machines;
    assert(victim !== undefined);
    victim.disk.rot(archivedPath(victim), () => 20 * 8);
    await reread(both, victim);
    await both.cluster.until(() => victim.node.shelf.size === 2, 10_000);
    assert.deepEqual(await held(victim), witnessFile(OLD));
    await both.cluster.stop();
  });

  it('that does not tell any more what it was is replaced by what most peers hold', async () => {
    const all = await settled(4);
    const [holder, other, another, victim] = all.machines;
    assert(holder !== undefined && other !== undefined && another !== undefined && victim !== undefined);
    await replace(holder, otherFile());
    victim.disk.overwrite(archivedPath(victim), Uint8Array.of(1, 2, 3));
    await reread(all, victim);
    await all.cluster.until(() => victim.node.shelf.size === 2, 10_000);
    assert.deepEqual(await held(victim), witnessFile(OLD));
    await all.cluster.stop();
  });

  it('is not fetched by who does not keep finished ones, and not beyond the disk budget', async () => {
    const both = await settled(2);
    const [, victim] = both.machines;
    assert(victim !== undefined);
    for (const [settings, standing] of [
      [{ witnessPolicy: { kind: 'claimed' } }, 'not-kept'],
      [{ witnessLimits: { ...WITNESS_LIMITS, diskBytes: 100 } }, 'over-budget'],
    ] as const) {
      await victim.stop();
      victim.settings = { ...SETTINGS, housekeeping: HOUSEKEEPING, ...settings };
      await victim.start();
      await both.cluster.clock.advance(2_000);
      if (standing === 'not-kept') rotPayload(victim);
      await reread(both, victim);
      await both.cluster.until(() => standingOf(victim) === standing, 10_000);
      await both.cluster.clock.advance(2 * RECALL_AGAIN_MS);
      assert.equal(standingOf(victim), standing);
      assert.equal(await held(victim), undefined);
    }
    await both.cluster.stop();
  });
});
