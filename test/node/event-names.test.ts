import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { compareText } from '../../crdt/ids.ts';
import type { NodeEvent } from '../../src/node/events.ts';

/** Every name that a log line of a node can have; the compiler asks for each. People search for them: none ever changes. */
const NAMES: Readonly<Record<NodeEvent['type'], true>> = {
  'block-finished': true,
  claimed: true,
  'clock-exchange-failed': true,
  'clock-standing': true,
  'clock-stepped': true,
  'contracts-failed': true,
  'contracts-fetched': true,
  'contracts-repaired': true,
  converged: true,
  disputed: true,
  'document-exchange-failed': true,
  'document-exchanged': true,
  'document-refused': true,
  'file-quarantined': true,
  'file-unreadable': true,
  'finality-conflict': true,
  'finality-contradicted': true,
  'finality-lower': true,
  'finality-raised': true,
  'foreign-write': true,
  'gossip-received': true,
  'gossip-send-failed': true,
  'holder-challenged': true,
  'journal-damaged': true,
  'journal-entry-refused': true,
  'journal-replayed': true,
  'lease-deferred': true,
  'lease-lost': true,
  'lease-taken-over': true,
  loaded: true,
  loading: true,
  'mode-changed': true,
  'peer-clock-changed': true,
  'reconcile-failed': true,
  reconciled: true,
  'scan-failed': true,
  'scrub-failed': true,
  scrubbed: true,
  upkeep: true,
  'upkeep-failed': true,
  validated: true,
  'view-changed': true,
  'witness-announcement-blamed': true,
  'witness-conflict': true,
  'witness-dropped': true,
  'witness-fetch-failed': true,
  'witness-fetched': true,
  'witness-source-blamed': true,
  'witness-write-failed': true,
  'write-failed': true,
};

describe('the names of events', () => {
  it('are all in the documentation of the log, and it names no other', async () => {
    const text = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const [, log = ''] = text.split('\n## Log\n');
    const [table = ''] = log.split('\n## ');
    const documented = [...table.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name),
    );
    // The header of the table, and the names of the program that runs the node.
    const others = new Set(['msg', 'rpc-defect', 'stopping']);
    const found = documented.filter((name) => !others.has(name));
    assert.deepEqual(found.sort(compareText), Object.keys(NAMES).sort(compareText));
  });
});
