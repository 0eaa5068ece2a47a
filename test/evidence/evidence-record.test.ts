import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { evidenceOf } from '../../src/evidence/evidence-of.ts';
import { EVIDENCE_TYPES, evidenceSchema, type EvidenceRecord } from '../../src/evidence/evidence-record.ts';
import { evidenceJsonSchema } from '../../src/evidence/json-schema.ts';
import { EVIDENT_EVENTS } from './records.ts';

const BASE = { at: '2026-11-21T17:00:00.250Z', node: '12D3KooWx', sequence: 0 };

function recordsOfEach(): EvidenceRecord[] {
  const records = EVIDENT_EVENTS.map((event) => ({ ...BASE, ...evidenceOf(event) }));
  const lost = { ...BASE, type: 'evidence-lost', count: 3 };
  // As a reader gets them: through JSON.
  return [...records, lost].map((record) => evidenceSchema.parse(JSON.parse(JSON.stringify(record))));
}

async function publishedSchema(): Promise<object> {
  const text = await readFile(new URL('../../docs/evidence.schema.json', import.meta.url), 'utf8');
  const schema: unknown = JSON.parse(text);
  assert(typeof schema === 'object' && schema !== null);
  return schema;
}

describe('a record of evidence', () => {
  it('exists in every type that is published', () => {
    assert.deepEqual(new Set(recordsOfEach().map(({ type }) => type)), new Set(EVIDENCE_TYPES));
  });

  it('is made of no event but those that are evidence', () => {
    assert.equal(evidenceOf({ type: 'loaded', blocks: 1, fromIndex: 0, witnesses: 1 }), undefined);
    assert.equal(evidenceOf({ type: 'gossip-send-failed', reason: 'x' }), undefined);
  });

  it('of a change of mode says what the node does, what is weaker and what ends it', () => {
    const [record] = recordsOfEach();
    assert(record?.type === 'mode-changed');
    assert(record.actions.includes('claims no block'));
    assert(record.weaker.length > 0 && record.recovery.includes('majority'));
  });
});

describe('the published schema of evidence', () => {
  it('is the one that the program reads with (npm run docs:evidence-schema)', async () => {
    assert.deepEqual(await publishedSchema(), JSON.parse(evidenceJsonSchema()));
  });

  it('takes every record that a node writes', async () => {
    const validate = new Ajv2020({ formats: { 'date-time': true } }).compile(await publishedSchema());
    for (const record of recordsOfEach()) {
      assert(validate(record), `${record.type}: ${JSON.stringify(validate.errors)}`);
    }
  });

  it('takes none that lacks a field or has one of another type, and passes over fields it does not know', async () => {
    const validate = new Ajv2020({ formats: { 'date-time': true } }).compile(await publishedSchema());
    for (const record of recordsOfEach()) {
      assert(validate({ ...record, added: 'later' }));
      for (const name of ['at', 'node', 'sequence', 'type']) {
        const { [name]: _removed, ...rest } = record;
        assert(!validate(rest), `${record.type} without ${name}`);
      }
      assert(!validate({ ...record, sequence: 'one' }));
      assert(!validate({ ...record, type: 'unheard-of' }));
    }
  });
});
