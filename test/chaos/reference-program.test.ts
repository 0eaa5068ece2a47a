/** The reference's validator beside a node: what it claims, what it leaves alone, and what it writes. */

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blockId, ZERO_HASH, type BlockId, type Hash32 } from '../../crdt/ids.ts';
import { ReferenceProgram } from '../../src/chaos/programs/reference-program.ts';
import { KnownBlocks, type NewBlock } from '../../src/chaos/workload/blocks.ts';
import { datadirLayout } from '../../src/datadir/layout.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { encodeValidateFile } from '../../src/files/validate-file.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { temporaryFolder } from '../cli/cli.ts';
import { readReferenceValidate } from '../cluster/reference-format.ts';
import { until } from '../cluster/until.ts';

const LOCKED_UNTIL_SECONDS = 4_000_000_000n;

describe('a validator of the reference', () => {
  it('claims what is free, writes what it found, and leaves alone what another holds', async () => {
    await using folder = await temporaryFolder();
    const layout = datadirLayout(folder.path);
    await mkdir(layout.validate);
    await mkdir(layout.witness);
    const blocks = new KnownBlocks(1, 1);
    const made = Array.from({ length: 4 }, () => blocks.next());
    const held = made[3];
    assert.ok(held !== undefined);
    for (const { fed } of made) await writeFile(join(layout.witness, blockFileName('witness', fed.key)), fed.witness);
    const pathOf = ({ fed }: NewBlock): string => join(layout.validate, blockFileName('validate', fed.key));
    const { number: blockNumber, hash: blockHash } = held.fed.key;
    const lock = { blockHash, blockNumber, stateRoot: ZERO_HASH, lockTimeSeconds: LOCKED_UNTIL_SECONDS, blobIds: [] };
    await writeFile(pathOf(held), encodeValidateFile({ status: 'Processing', ...lock }));

    const asked: Hash32[] = [];
    const program = new ReferenceProgram({
      node: { layout, clock: { offsetMs: 0 } },
      random: seededRandom(1),
      lockSeconds: 5,
      validationMs(hash) {
        asked.push(hash);
        return 1;
      },
      rootOf: (id: BlockId) => blocks.get(id)?.stateRoot,
    });
    program.start();
    await until('three are finished', async () => {
      const statuses = await Promise.all(
        made.slice(0, 3).map(async (block) => readReferenceValidate(await readFile(pathOf(block)))),
      );
      return statuses.every(({ status }) => status === 'Success');
    });
    await program.stop();

    for (const block of made.slice(0, 3)) {
      const { stateRoot, lockTime, blockHash: hash } = readReferenceValidate(await readFile(pathOf(block)));
      assert.deepEqual([stateRoot, lockTime, hash], [block.known.stateRoot, 0n, block.fed.key.hash]);
    }
    assert.deepEqual(readReferenceValidate(await readFile(pathOf(held))).lockTime, LOCKED_UNTIL_SECONDS);
    assert.deepEqual(
      asked.toSorted(),
      made
        .slice(0, 3)
        .map(({ fed }) => fed.key.hash)
        .toSorted(),
    );
    assert.deepEqual(
      (await readdir(layout.validate)).toSorted(),
      made.map(({ fed }) => `${blockId(fed.key)}.v`).toSorted(),
    );
  });
});
