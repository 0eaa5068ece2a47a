import { deepEqual, equal, throws } from 'node:assert/strict';
import { resolve } from 'node:path';
import { demoOptions, type DemoFlags } from '../../src/cli/demo-command.ts';
import { UsageError } from '../../src/cli/exit-codes.ts';
import { DEMO_COUNT_MAX, DEMO_NODES_MAX } from '../../src/demo/options.ts';

const flags: DemoFlags = { nodes: '3', timeout: '120' };

describe('the flags of driftlock demo', () => {
  it('have defaults, and paths become absolute', () => {
    deepEqual(demoOptions({ ...flags, dir: 'd', witness: 'w', blocks: 'b', count: '16', exitWhenConverged: true }), {
      nodes: 3,
      dir: resolve('d'),
      witnessDir: resolve('w'),
      blocksDir: resolve('b'),
      count: 16,
      exitWhenConverged: true,
      timeoutSeconds: 120,
      json: false,
    });
  });

  it('are taken at their limits, and refused one beyond with the flag and what was found', () => {
    equal(demoOptions({ ...flags, nodes: `${DEMO_NODES_MAX}` }).nodes, DEMO_NODES_MAX);
    equal(demoOptions({ ...flags, count: `${DEMO_COUNT_MAX}` }).count, DEMO_COUNT_MAX);
    equal(demoOptions({ ...flags, timeout: '0.5' }).timeoutSeconds, 0.5);
    const refused: readonly (readonly [change: Partial<DemoFlags>, message: string])[] = [
      [{ nodes: '17' }, '--nodes: expected an integer from 1 to 16, found "17"'],
      [{ nodes: '0' }, '--nodes: expected an integer from 1 to 16, found "0"'],
      [{ nodes: '2.5' }, '--nodes: expected an integer from 1 to 16, found "2.5"'],
      [{ count: '1000001' }, '--count: expected an integer from 1 to 1000000, found "1000001"'],
      [{ count: '1e3' }, '--count: expected an integer from 1 to 1000000, found "1e3"'],
      [{ timeout: '0' }, '--timeout: expected seconds, more than 0 and at most 86400, found "0"'],
      [{ timeout: 'soon' }, '--timeout: expected seconds, more than 0 and at most 86400, found "soon"'],
      [{ witness: 'w' }, '--blocks: expected a folder beside --witness, found none'],
      [{ blocks: 'b' }, '--witness: expected a folder beside --blocks, found none'],
    ];
    for (const [change, message] of refused) {
      throws(
        () => demoOptions({ ...flags, ...change }),
        (error: unknown) => {
          equal(error instanceof UsageError && error.message, message);
          return true;
        },
      );
    }
  });
});
