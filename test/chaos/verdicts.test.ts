/** The independent reader and the verdicts: what is wrong in the files of a run is found, by the promise that it breaks. */

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blockId } from '../../crdt/ids.ts';
import { generateKey } from '../../net/identity/identity.ts';
import type { Evidence } from '../../src/chaos/verdicts/evidence.ts';
import {
  HANDLES_GROWTH_MAX,
  judgeProcesses,
  MEMORY_BYTES_PER_BLOCK,
  MEMORY_GROWTH_BYTES_MAX,
} from '../../src/chaos/verdicts/processes.ts';
import { judgePromises, type Figures } from '../../src/chaos/verdicts/promises.ts';
import { SPLIT_IN_HALF } from '../../src/chaos/scenarios/split-in-half.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { encodeValidateFile } from '../../src/files/validate-file.ts';
import { temporaryFolder, type TemporaryFolder } from '../cli/cli.ts';
import { JudgedRun, otherRoot } from './judged.ts';

const NONE: Figures = { lost: 0, unfinished: 0, different: 0, duplicates: 0 };

/** Names of what did not hold. */
function broken(evidence: Evidence): string[] {
  const verdicts = [...judgePromises(evidence).verdicts, ...judgeProcesses(evidence)];
  return verdicts.filter(({ ok }) => !ok).map(({ name }) => name);
}

const allowing = (duplicatesPerBlockMax: number): Partial<Evidence> => ({
  scenario: { ...SPLIT_IN_HALF, holds: { duplicatesPerBlockMax } },
});

const figures = (evidence: Evidence): Figures => judgePromises(evidence).figures;

describe('the verdicts on a run', () => {
  let folder: TemporaryFolder;
  let run: JudgedRun;

  beforeEach(async () => {
    folder = await temporaryFolder();
    run = await JudgedRun.finished(folder.path);
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  it('hold for one that went well', async () => {
    const evidence = await run.evidence();
    assert.deepEqual(broken(evidence), []);
    assert.deepEqual(figures(evidence), NONE);
  });

  it('find a record that is another on one node', async () => {
    const [key, root] = [run.keyAt(0), run.rootAt(0)];
    await run.write(
      'node-2',
      key,
      root,
      [run.resultBy(0, key, root), run.resultBy(1, key, root)].sort((a, b) => (a.node < b.node ? -1 : 1)),
    );
    const evidence = await run.evidence();
    assert.deepEqual(broken(evidence), ['convergence']);
    assert.deepEqual(figures(evidence), { ...NONE, different: 1, duplicates: 1 });
  });

  it('find an acknowledged result that one node lacks, and a block that is not finished there', async () => {
    await rm(run.pathOf('node-3', run.keyAt(1)));
    const evidence = await run.evidence();
    assert.deepEqual(broken(evidence), ['convergence', 'nothing-lost', 'every-block-finished']);
    assert.deepEqual(figures(evidence), { ...NONE, lost: 1, unfinished: 1, different: 1 });
  });

  it('find an acknowledged result that no node has any more', async () => {
    const key = run.keyAt(1);
    run.acknowledge(key, run.resultBy(0, key, run.rootAt(1)));
    assert.deepEqual(figures(await run.evidence()), { ...NONE, lost: 3 });
  });

  it('find a result of a stranger and a root that nobody found', async () => {
    const [key, root] = [run.keyAt(2), otherRoot('forged')];
    for (const name of ['node-1', 'node-2', 'node-3']) {
      await run.write(name, key, root, [run.resultBy(generateKey(), key, root)]);
    }
    const evidence = await run.evidence();
    const invalid = judgePromises(evidence).verdicts.find(({ name }) => name === 'nothing-invalid');
    assert.equal(invalid?.details.filter((line) => line.includes('a result of a stranger')).length, 3);
    assert.equal(invalid?.details.filter((line) => line.includes('a root that no validator found')).length, 3);
    assert.equal(figures(evidence).unfinished, 1);
  });

  it('find a flipped bit in the envelope, in the record, and in a signature', async () => {
    const path = run.pathOf('node-1', run.keyAt(3));
    for (const at of [60, -80, -120]) {
      await run.spoil(path, (bytes) => {
        const spoiled = Buffer.from(bytes);
        const offset = at < 0 ? bytes.length + at : at;
        spoiled[offset] = (spoiled[offset] ?? 0) ^ 1;
        return spoiled;
      });
      assert.ok(broken(await run.evidence()).includes('nothing-invalid'), `${at}`);
      await run.spoil(path, (bytes) => {
        const healed = Buffer.from(bytes);
        const offset = at < 0 ? bytes.length + at : at;
        healed[offset] = (healed[offset] ?? 0) ^ 1;
        return healed;
      });
    }
    assert.deepEqual(broken(await run.evidence()), []);
  });

  it('find a file of another program that was never taken in', async () => {
    const [key, stateRoot] = [run.keyAt(4), run.rootAt(4)];
    const info = {
      status: 'Success',
      blockHash: key.hash,
      blockNumber: key.number,
      stateRoot,
      lockTimeSeconds: 0n,
      blobIds: [],
    } as const;
    await writeFile(run.pathOf('node-2', key), encodeValidateFile(info));
    assert.ok(broken(await run.evidence()).includes('nothing-invalid'));
  });

  it('find a witness that is not there, and contracts that are torn or missing', async () => {
    await rm(join(run.layoutOf('node-1').witness, blockFileName('witness', run.keyAt(0))));
    assert.deepEqual(broken(await run.evidence()), ['every-block-finished']);
    await writeFile(run.layoutOf('node-2').contracts, '["0x12');
    assert.deepEqual(broken(await run.evidence()), ['every-block-finished', 'nothing-invalid']);
    const rotten = {
      ...SPLIT_IN_HALF,
      faults: [{ fault: 'corrupt', on: 'one', percent: 1, atSeconds: 0, forSeconds: 0 }],
    } as const;
    assert.deepEqual(broken(await run.evidence({ scenario: rotten })), ['every-block-finished'], 'where it rotted');
    await writeFile(run.layoutOf('node-3').contracts, '["0x12');
    assert.deepEqual(broken(await run.evidence({ scenario: rotten })), ['every-block-finished', 'nothing-invalid']);
    await rm(run.layoutOf('node-2').contracts);
    await rm(run.layoutOf('node-3').contracts);
    const contracts = new Set([otherRoot('a contract')]);
    assert.deepEqual(broken(await run.evidence({ contracts })), ['every-block-finished', 'nothing-invalid']);
  });

  it('find a dispute that one node hides, and a run that was meant to have one and had none', async () => {
    const [key, right, wrong] = [run.keyAt(0), run.rootAt(0), otherRoot('wrong')];
    const results = [run.resultBy(0, key, right), run.resultBy(1, key, wrong)].sort((a, b) =>
      a.node < b.node ? -1 : 1,
    );
    run.acknowledge(key, ...results);
    const wrongRoots = new Map([[blockId(key), wrong]]);
    for (const name of ['node-1', 'node-2', 'node-3']) await run.write(name, key, right, [...results]);
    const shown = await run.evidence({ wrongRoots });
    assert.equal(shown.ledger.of(blockId(key)).length, 3);
    const disputed = { ...SPLIT_IN_HALF, holds: { disputesMin: 1 } };
    assert.ok(!broken({ ...shown, scenario: disputed }).includes('disagreement-is-shown'));
    await run.write('node-3', key, right, [run.resultBy(0, key, right)]);
    assert.ok(broken(await run.evidence({ wrongRoots })).includes('disagreement-is-shown'));

    run.acknowledged.clear();
    assert.deepEqual(broken(await run.evidence({ wrongRoots, scenario: disputed })).slice(-1), [
      'disagreement-is-shown',
    ]);
  });

  it('find more duplicates than the scenario allows', async () => {
    for (let at = 0; at < 3; at++) {
      const [key, root] = [run.keyAt(at), run.rootAt(at)];
      const results = [0, 1]
        .map((member) => run.resultBy(member, key, root))
        .sort((a, b) => (a.node < b.node ? -1 : 1));
      run.acknowledged.delete(blockId(key));
      for (const name of ['node-1', 'node-2', 'node-3']) await run.write(name, key, root, results);
    }
    assert.deepEqual(broken(await run.evidence(allowing(0.5))), []);
    assert.deepEqual(broken(await run.evidence(allowing(0.49))), ['locks-save-work']);
  });

  it('find processes that end badly, say what they should not, or take more and more', async () => {
    const badEnds = [{ name: 'node-1', how: 'exit code 1 after SIGTERM' }];
    const before = { memoryBytes: 100, handles: 10 };
    const grown = (memoryBytes: number, handles: number): Partial<Evidence> => ({
      growth: [
        {
          name: 'node-1',
          memoryBytes: { before: before.memoryBytes, after: before.memoryBytes + memoryBytes },
          handles: { before: before.handles, after: before.handles + handles },
        },
      ],
    });
    const bytesMax = MEMORY_GROWTH_BYTES_MAX + run.blocks.size * MEMORY_BYTES_PER_BLOCK;
    assert.deepEqual(broken(await run.evidence({ badEnds })), ['clean-shutdown']);
    assert.deepEqual(broken(await run.evidence({ defects: ['node-1: rpc-defect'] })), ['no-unhandled-error']);
    assert.deepEqual(broken(await run.evidence(grown(bytesMax, HANDLES_GROWTH_MAX))), []);
    assert.deepEqual(broken(await run.evidence(grown(bytesMax + 1, 0))), ['no-leak']);
    assert.deepEqual(broken(await run.evidence(grown(0, HANDLES_GROWTH_MAX + 1))), ['no-leak']);
  });
});
