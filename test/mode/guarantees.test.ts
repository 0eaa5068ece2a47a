import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { MODES } from '../../net/presence/heartbeat.ts';
import { guarantees, OPERATIONS } from '../../src/mode/guarantees.ts';

const NOTHING = { convergenceMs: undefined, roundMs: undefined, deliveryMs: undefined };

describe('the guarantees', () => {
  it('have a row for every mode and operation', () => {
    const rows = guarantees(NOTHING).map(({ mode, operation }) => `${mode} ${operation}`);
    assert.deepEqual(
      rows,
      MODES.flatMap((mode) => OPERATIONS.map((operation) => `${mode} ${operation}`)),
    );
  });

  it('hold measured values only of what was measured', () => {
    assert(guarantees(NOTHING).every(({ measured }) => measured === null));
    const measured = guarantees({ convergenceMs: 1_000, roundMs: 81.2345, deliveryMs: 2 });
    const bounded = measured.find(({ mode, operation }) => mode === 'normal' && operation === 'bounded-read');
    assert.deepEqual(bounded?.measured, { of: 'of the last question to all others', ms: 81.23 });
    assert.equal(measured.find(({ operation }) => operation === 'read')?.measured, null);
  });

  it('are weaker for claims in a degraded node, and for nothing else', () => {
    const rows = guarantees(NOTHING);
    for (const operation of OPERATIONS) {
      const [normal, degraded] = ['normal', 'degraded'].map((mode) =>
        rows.find((row) => row.mode === mode && row.operation === operation),
      );
      assert.equal(normal?.consistency === degraded?.consistency, operation !== 'claim', operation);
    }
  });

  it('are documented as they are', async () => {
    const text = await readFile(new URL('../../docs/observability.md', import.meta.url), 'utf8');
    for (const row of guarantees(NOTHING).filter(({ mode }) => mode === 'normal')) {
      const { operation, scope, latency, availability, consistency, cost, scalability } = row;
      const cells = [`\`${operation}\``, scope, latency, availability, consistency, cost, scalability];
      assert(text.includes(`| ${cells.join(' | ')} |`), `| ${cells.join(' | ')} |`);
    }
  });
});
