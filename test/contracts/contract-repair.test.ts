/** Rotten lines of `contracts.txt`, which are taken out while other programs go on appending, and fetched again. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ContractsFound } from '../../src/contracts/contract-repair.ts';
import type { DiskOperation } from '../../src/disk/memory-disk.ts';
import { parseContracts } from '../../src/files/contracts.ts';
import { KEEP_ALL } from '../../src/node/housekeeping-settings.ts';
import { Cluster, type Machine } from '../node/memory-cluster.ts';
import { lines } from './lines.ts';

const [FIRST = '', SECOND = '', THIRD = ''] = lines;
/** The hash in front of a line is another. */
const MISMATCHED = FIRST.replace(FIRST.slice(2, 68), SECOND.slice(2, 68));
const NO_JSON = SECOND.replace(',', ';');
const TORN = THIRD.slice(0, 90);

interface Pair {
  readonly cluster: Cluster;
  readonly victim: Machine;
  readonly other: Machine;
}

/** The victim's disk tells `onOperation` of each operation. */
async function pair(onOperation?: (operation: DiskOperation, path: string) => Promise<void> | void): Promise<Pair> {
  const cluster = new Cluster();
  const disk = onOperation === undefined ? {} : { beforeOperation: onOperation };
  const settings = { housekeeping: { ...KEEP_ALL, scrubFilesPerSecond: 20 } };
  const [victim] = cluster.add(1, { disk, settings });
  const [other] = cluster.add(1);
  assert(victim !== undefined && other !== undefined);
  await cluster.start();
  return { cluster, victim, other };
}

async function append(machine: Machine, text: string): Promise<void> {
  await machine.disk.append(machine.layout.contracts, Buffer.from(text));
}

async function textOf(machine: Machine): Promise<string> {
  return Buffer.from((await machine.disk.read(machine.layout.contracts, 2 ** 30))?.bytes ?? []).toString();
}

/** The lines that are not blank, sorted. */
function whole(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `${line}\n`)
    .sort();
}

async function look({ cluster, victim }: Pair): Promise<ContractsFound> {
  let found: ContractsFound | undefined;
  void victim.node.housekeeping.rereadContracts().then((value) => (found = value));
  await cluster.until(() => found !== undefined, 5_000);
  assert(found !== undefined);
  return found;
}

describe('rotten lines of contracts.txt', () => {
  it('are put aside, and their contracts come back from a peer, each once', async () => {
    const both = await pair();
    const { cluster, victim, other } = both;
    await append(victim, MISMATCHED + NO_JSON + TORN);
    await append(other, FIRST + SECOND + THIRD);
    assert.deepEqual(await look(both), { removed: 3, missing: 3 });
    assert.equal((await textOf(victim)).trim(), '');
    const [kept = ''] = await victim.disk.list(victim.layout.quarantine).then((names) => names.sort());
    const bytes = (await victim.disk.read(join(victim.layout.quarantine, kept), 2 ** 20))?.bytes;
    assert.equal(Buffer.from(bytes ?? []).toString(), `${MISMATCHED}${NO_JSON}`);
    await cluster.clock.advance(20_000);
    assert.deepEqual(await look(both), { removed: 0, missing: 0 });
    assert.deepEqual(whole(await textOf(victim)), [FIRST, SECOND, THIRD].sort());
    assert.equal(await textOf(other), FIRST + SECOND + THIRD);
    assert.deepEqual(
      victim.eventsOf('contracts-repaired').map((event) => event.lines),
      [3],
    );
    await cluster.stop();
  });

  it('are found by the background check, without a sign from the disk', async () => {
    const both = await pair();
    const { cluster, victim, other } = both;
    await append(victim, FIRST + SECOND);
    await append(other, FIRST + SECOND);
    await cluster.clock.advance(10_000);
    victim.disk.rot(victim.layout.contracts, () => 80 * 8);
    assert.equal(parseContracts(Buffer.from(await textOf(victim))).bad.length, 1);
    await cluster.until(() => victim.eventsOf('contracts-repaired').length === 1, 700_000);
    await cluster.clock.advance(20_000);
    assert.deepEqual(whole(await textOf(victim)), [FIRST, SECOND].sort());
    await cluster.stop();
  });

  it('cost no line that a program appends at any moment of it', async () => {
    let isRepairing = false;
    const added: string[] = [];
    const both = await pair((operation, path) => {
      if (!isRepairing || !path.endsWith('contracts.txt') || operation === 'append' || operation === 'syncFile') return;
      const line = lines[2 + (added.length % 3)] ?? '';
      added.push(line);
      // As another process does it: the file is longer when the operation takes effect.
      isRepairing = false;
      const appended = append(both.victim, line);
      isRepairing = true;
      return appended;
    });
    await append(both.victim, `${MISMATCHED}${FIRST}${NO_JSON}`);
    isRepairing = true;
    await look(both);
    isRepairing = false;
    assert(added.length > 5);
    const text = await textOf(both.victim);
    assert.deepEqual(whole(text), [FIRST, ...added].sort());
    await both.cluster.stop();
  });

  it('are left alone while the last one is still being written, and in a file that took the place of the one read', async () => {
    let replaceBy: string | undefined;
    const both = await pair((operation, path) => {
      if (operation !== 'create' || !path.includes('quarantine') || replaceBy === undefined) return;
      const text = replaceBy;
      replaceBy = undefined;
      both.victim.disk.overwrite(both.victim.layout.contracts, Buffer.from(text));
    });
    const { cluster, victim } = both;
    await append(victim, FIRST + TORN);
    const looked = look(both);
    await cluster.clock.settle();
    await append(victim, THIRD.slice(TORN.length));
    assert.deepEqual(await looked, { removed: 0, missing: 0 });
    assert.equal(await textOf(victim), FIRST + THIRD);

    const other = SECOND + THIRD;
    replaceBy = other;
    victim.disk.overwrite(victim.layout.contracts, Buffer.from(MISMATCHED + NO_JSON));
    assert.deepEqual(await look(both), { removed: 0, missing: 0 });
    assert.equal(await textOf(victim), other);
    await cluster.stop();
  });
});
