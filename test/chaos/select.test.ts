/** Which scenarios a command line means, and which files are scenarios. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure } from '../../crdt/errors.ts';
import { FAULTS } from '../../src/chaos/faults/strike.ts';
import { FAULT_PLANS_MAX } from '../../src/chaos/scenario/scenario.ts';
import { nodesNeeded, parseScenario, secondsNeeded } from '../../src/chaos/scenario/scenario.ts';
import { SCENARIOS } from '../../src/chaos/scenarios/all.ts';
import { nearest, selectScenarios } from '../../src/chaos/select.ts';
import { temporaryFolder } from '../cli/cli.ts';

const WORKLOAD = { blocksPerSecond: 1, validationMs: [0, 10] };
const VALID = { name: 'mine', breaks: 'things', nodes: 3, seconds: 20, workload: WORKLOAD, faults: [] };
const KILL = { fault: 'kill', on: 'one', atSeconds: 1, forSeconds: 1 };

async function names(...wanted: string[]): Promise<string[]> {
  return (await selectScenarios(wanted, SCENARIOS)).map(({ name }) => name);
}

async function refusal(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (isFailure(error, 'ERR_BAD_SCENARIO', 'ERR_UNKNOWN_SCENARIO')) return error.message;
    throw error;
  }
  assert.fail('it was taken');
}

describe('the scenarios that come with the package', () => {
  it('are what a scenario file has to be, and each fault is used by one of them', () => {
    for (const scenario of SCENARIOS) assert.deepEqual(parseScenario(scenario, scenario.name), scenario);
    assert.equal(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length);
    const used = new Set(SCENARIOS.flatMap(({ faults }) => faults.map(({ fault }) => fault)));
    assert.deepEqual([...used].sort(), Object.keys(FAULTS).sort());
  });

  it('are enough nodes and time for themselves', () => {
    for (const scenario of SCENARIOS) {
      assert.ok(nodesNeeded(scenario) <= scenario.nodes, scenario.name);
      assert.ok(secondsNeeded(scenario) <= scenario.seconds, scenario.name);
    }
  });
});

describe('a selection of scenarios', () => {
  it('takes names, all, and the path of a file', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'mine.mjs');
    await writeFile(path, `export default ${JSON.stringify(VALID)};`);
    assert.deepEqual(await names('kill-storm', path), ['kill-storm', 'mine']);
    assert.deepEqual(
      await names('all'),
      SCENARIOS.map(({ name }) => name),
    );
  });

  it('names the nearest to a name that is none', async () => {
    assert.match(await refusal(() => selectScenarios(['kil-strom'], SCENARIOS)), /such as kill-storm,/);
    assert.equal(nearest('splitinhalf', ['isolate-one', 'split-in-half']), 'split-in-half');
    assert.equal(nearest('xyz', ['isolate-one', 'split-in-half']), undefined);
  });

  it('names the file that is missing, no module, or without a default export', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'mine.mjs');
    assert.ok((await refusal(() => selectScenarios([path], SCENARIOS))).startsWith(`${path}: expected a module`));
    await writeFile(path, 'export const scenario = {};');
    assert.match(await refusal(() => selectScenarios([path], SCENARIOS)), /expected a default export, found none/);
  });

  it('refuses a scenario that is none, and names the field', async () => {
    const cases: [unknown, RegExp][] = [
      [undefined, /^file: expected/],
      [{ ...VALID, nodes: 1 }, /^file: nodes:/],
      [{ ...VALID, extra: 1 }, /^file: expected/],
      [{ ...VALID, faults: [{ ...KILL, fault: 'flood' }] }, /^file: faults\.0\.fault:/],
      [{ ...VALID, faults: [{ ...KILL, forSeconds: 20 }] }, /^file: faults\.0 \(kill\): expected to end within 20 s/],
      [{ ...VALID, faults: [{ ...KILL, forSeconds: 5, everySeconds: 4 }] }, /everySeconds not below forSeconds/],
      [{ ...VALID, workload: { ...WORKLOAD, validationMs: [5, 1] } }, /validationMs: expected the lower bound first/],
    ];
    for (const [value, message] of cases) assert.match(await refusal(() => parseScenario(value, 'file')), message);
  });

  it(`takes ${FAULT_PLANS_MAX} faults, and refuses one more`, async () => {
    const faults = Array.from({ length: FAULT_PLANS_MAX }, () => KILL);
    parseScenario({ ...VALID, faults }, 'file');
    assert.match(await refusal(() => parseScenario({ ...VALID, faults: [...faults, KILL] }, 'file')), /^file: faults:/);
  });
});
