/** A node that finds many files of which it knows nothing, as a whole node in virtual time. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { decodeRecord, encodeRecord } from '../../crdt/block/record-codec.ts';
import { backupDirectory } from '../../src/datadir/layout.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { encodeValidateFile } from '../../src/files/validate-file.ts';
import { KEEP_ALL } from '../../src/node/housekeeping-settings.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, type Machine } from '../node/memory-cluster.ts';

const BLOCKS = Array.from({ length: 150 }, (_, at) => keyAt(at));
const SETTLED_LATE = { housekeeping: { ...KEEP_ALL, archiveAfterBlocks: 1_000 } };

/** A stopped node whose directory holds all blocks, finished, and no index. */
async function stoppedWithoutIndex(): Promise<{ cluster: Cluster; machine: Machine; digest: string }> {
  const cluster = new Cluster();
  const [machine] = cluster.add(1, { validates: true, settings: SETTLED_LATE });
  assert(machine !== undefined);
  await cluster.start();
  for (const key of BLOCKS) await machine.dropWitness(key);
  await cluster.until(() => machine.node.tally.blocks === BLOCKS.length, 60_000);
  await cluster.until(() => machine.node.tally.unfinishedCount === 0, 60_000);
  await cluster.clock.advance(2_000);
  const { digest } = machine;
  await machine.stop();
  for (const name of await machine.disk.list(machine.layout.index)) {
    await machine.disk.remove(join(machine.layout.index, name));
  }
  return { cluster, machine, digest };
}

describe('a start without an index', () => {
  it('takes over every file as it is, and writes none', async () => {
    const { cluster, machine, digest } = await stoppedWithoutIndex();
    const before = await machine.disk.identify(machine.path('validate', keyAt(77)));
    machine.events.length = 0;
    await machine.start();
    assert.equal(machine.digest, digest);
    assert.deepEqual(machine.eventsOf('loaded'), [
      { type: 'loaded', blocks: BLOCKS.length, fromIndex: 0, witnesses: BLOCKS.length },
    ]);
    assert.equal(machine.node.tally.results, BLOCKS.length);
    assert.equal(machine.node.loading.progress, undefined);
    await cluster.clock.advance(30_000);
    assert.deepEqual(await machine.disk.identify(machine.path('validate', keyAt(77))), before);
    assert.deepEqual(machine.eventsOf('foreign-write'), []);
    await cluster.stop();
  });

  it('looks by itself at each file that is bad, foreign or in the archive', async () => {
    const { cluster, machine, digest } = await stoppedWithoutIndex();
    const [bad, foreign, archived] = [keyAt(10), keyAt(20), keyAt(30)];
    machine.disk.rot(machine.path('validate', bad), (bits) => bits >>> 1);
    machine.disk.rot(machine.path('witness', bad), (bits) => bits >>> 1);
    const file = await machine.bytesOf('validate', foreign);
    assert(file !== undefined);
    const trailerAt = Buffer.from(file).indexOf('DRFTLCK1');
    await machine.write('validate', foreign, file.subarray(0, trailerAt));
    const folder = backupDirectory(machine.layout, archived.number);
    await machine.disk.makeDirectory(folder);
    for (const kind of ['validate', 'witness'] as const) {
      await machine.disk.move(machine.path(kind, archived), join(folder, blockFileName(kind, archived)));
    }
    machine.events.length = 0;
    await machine.start();
    assert.equal(machine.eventsOf('file-quarantined').length, 2);
    assert.deepEqual(
      machine.eventsOf('foreign-write').map(({ key }) => key),
      [foreign],
    );
    assert.equal(machine.node.files.known('validate', archived)?.place, 'backup');
    assert.equal(machine.node.shelf.get(archived)?.place, 'backup');
    assert.equal(machine.node.shelf.size, BLOCKS.length - 1);
    assert.equal(machine.node.tally.results, BLOCKS.length - 1);
    assert.notEqual(machine.digest, digest);
    await cluster.stop();
  });

  it('believes no record whose signature is not its author’s, whole as its file is', async () => {
    const { cluster, machine } = await stoppedWithoutIndex();
    const forged = keyAt(40);
    const file = await machine.validateFile(forged);
    assert(file?.trailer.kind === 'valid');
    const record = decodeRecord(file.trailer.record);
    const results = record.results.map((result) => ({ ...result, signature: new Uint8Array(64) }));
    await machine.write('validate', forged, encodeValidateFile(file.info, encodeRecord({ ...record, results })));
    machine.events.length = 0;
    await machine.start();
    assert.deepEqual(machine.record(forged).results, []);
    assert.equal(machine.node.tally.results, BLOCKS.length - 1);
    assert.equal(machine.eventsOf('file-quarantined')[0]?.error.code, 'ERR_BAD_SIGNATURE');
    await cluster.stop();
  });
});
