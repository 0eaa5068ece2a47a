import assert from 'node:assert/strict';
import { documentMethods } from '../../src/rpc/document-methods.ts';
import { RpcError, type RequestContext } from '../../src/rpc/json-rpc.ts';
import { documentView, testQueries } from './queries.ts';

const CONTEXT: RequestContext = { signal: new AbortController().signal, isBatch: false, idle: (wait) => wait() };

async function ask(params?: unknown): Promise<unknown> {
  return documentMethods(testQueries()).get('driftlock_document')?.(params, CONTEXT);
}

describe('driftlock_document', () => {
  it('answers the cluster document, and leaves the texts of notes out when told to', async () => {
    assert.deepEqual(await ask(), documentView);
    assert.deepEqual(await ask([true]), documentView);
    const notes = documentView.notes.map(({ key, atMs }) => ({ key, atMs }));
    assert.deepEqual(await ask({ notes: false }), { ...documentView, notes });
  });

  it('refuses what it cannot use', async () => {
    for (const params of [{ notes: 'no' }, { note: true }, [1], 'x']) await assert.rejects(ask(params), RpcError);
  });
});
