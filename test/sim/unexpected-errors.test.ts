/** What nobody expects in a simulated run is a violation, and does not end the process. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventLoopTurn } from '../../src/node/machine.ts';
import { reportingUnexpected } from '../../src/sim/invariants/unexpected-errors.ts';

describe('an error that nobody expects in a run', () => {
  it('is reported with the place where it was thrown, and goes no further', async () => {
    const details: string[] = [];
    await reportingUnexpected(
      () => Promise.reject(new TypeError('out of a timer')),
      ({ detail }) => details.push(detail),
    );
    assert.equal(details.length, 1);
    assert.match(details[0] ?? '', /^TypeError: out of a timer at .*unexpected-errors\.test\.ts/);
  });

  it('is reported when it is a rejection that nobody hears of', async () => {
    // In a process of its own: mocha ends its own for one.
    const script = `
      import { reportingUnexpected } from ${JSON.stringify(import.meta.resolve('../../src/sim/invariants/unexpected-errors.ts'))};
      import { eventLoopTurn } from ${JSON.stringify(import.meta.resolve('../../src/node/machine.ts'))};
      const task = async () => { void Promise.reject(new RangeError('unheard')); await eventLoopTurn(); };
      await reportingUnexpected(task, ({ detail }) => process.stdout.write(detail));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
    assert.match(stdout, /^RangeError: unheard at /);
  }).timeout(30_000);

  it('is nothing when all goes well, and nobody listens after it', async () => {
    const before = process.listenerCount('unhandledRejection');
    await reportingUnexpected(eventLoopTurn, () => assert.fail('it reported something'));
    assert.equal(process.listenerCount('unhandledRejection'), before);
  });
});
