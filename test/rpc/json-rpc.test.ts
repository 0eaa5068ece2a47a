import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { dispatch, RPC_LIMITS, RpcError, type DispatchOptions, type RpcMethod } from '../../src/rpc/json-rpc.ts';
import { holdsAsync } from '../properties.ts';

const numbers = (params: unknown): number[] => (Array.isArray(params) ? params.map(Number) : []);

/** The methods of the specification's examples, and some that fail. */
const methods = new Map<string, RpcMethod>([
  ['subtract', (params) => numbers(params).reduce((a, b) => a - b)],
  ['sum', (params) => numbers(params).reduce((a, b) => a + b)],
  ['get_data', () => ['hello', 5]],
  ['update', () => null],
  ['refuse', () => Promise.reject(new RpcError(-32_000, 'no'))],
  ['break', () => Promise.reject(new TypeError('a secret detail'))],
  ['long', (params) => 'x'.repeat(numbers(params)[0] ?? 0)],
]);

const options = (changes: Partial<DispatchOptions> = {}): DispatchOptions => ({
  methods,
  limits: RPC_LIMITS,
  onDefect: () => undefined,
  context: { signal: new AbortController().signal, idle: (wait) => wait() },
  ...changes,
});

const ask = async (text: string, changes?: Partial<DispatchOptions>): Promise<unknown> => {
  const answer = await dispatch(text, options(changes));
  return answer === undefined ? undefined : JSON.parse(answer);
};

const errorOf = (id: unknown, code: number, message: string): unknown => ({
  jsonrpc: '2.0',
  id,
  error: { code, message },
});
const invalid = errorOf(null, -32_600, 'Invalid Request');

/** `length` calls. */
const batch = (length: number): string =>
  JSON.stringify(Array.from({ length }, (_, id) => ({ jsonrpc: '2.0', method: 'update', id })));
/** A call whose result has `length` characters. */
const long = (id: number, length: number): unknown => ({ jsonrpc: '2.0', method: 'long', params: [length], id });

describe('JSON-RPC 2.0', () => {
  describe('answers the examples of the specification', () => {
    const examples: readonly [name: string, request: string, answer: unknown][] = [
      [
        'a call',
        '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
        { jsonrpc: '2.0', result: 19, id: 1 },
      ],
      ['a notification', '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
      ['a notification of an unknown method', '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
      [
        'a call of an unknown method',
        '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
        errorOf('1', -32_601, 'Method not found'),
      ],
      [
        'invalid JSON',
        '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
        errorOf(null, -32_700, 'Parse error'),
      ],
      ['an invalid request', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', invalid],
      [
        'a batch of invalid JSON',
        '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]',
        errorOf(null, -32_700, 'Parse error'),
      ],
      ['an empty batch', '[]', invalid],
      ['a batch of one that is no call', '[1]', [invalid]],
      ['a batch of what are no calls', '[1,2,3]', [invalid, invalid, invalid]],
      [
        'a batch',
        `[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
          {"jsonrpc": "2.0", "method": "update", "params": [7]},
          {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
          {"foo": "boo"},
          {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
          {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]`,
        [
          { jsonrpc: '2.0', result: 7, id: '1' },
          { jsonrpc: '2.0', result: 19, id: '2' },
          invalid,
          errorOf('5', -32_601, 'Method not found'),
          { jsonrpc: '2.0', result: ['hello', 5], id: '9' },
        ],
      ],
      [
        'a batch of notifications',
        '[{"jsonrpc": "2.0", "method": "update"}, {"jsonrpc": "2.0", "method": "update"}]',
        undefined,
      ],
    ];
    for (const [name, request, answer] of examples) {
      it(name, async () => deepEqual(await ask(request), answer));
    }
  });

  it('answers a batch of one call by an array of one', async () => {
    deepEqual(await ask('[{"jsonrpc":"2.0","method":"sum","params":[1],"id":1}]'), [
      { jsonrpc: '2.0', id: 1, result: 1 },
    ]);
  });

  it('refuses scalars, another version and ids that are none, and names the id where there is one', async () => {
    for (const request of ['null', '1', '"a"', 'false', '{"method":"sum","params":[1]}'])
      deepEqual(await ask(request), invalid);
    deepEqual(await ask('{"jsonrpc":"2.0","method":"sum","params":[1],"id":true}'), invalid);
    deepEqual(await ask('{"jsonrpc":"1.0","method":"sum","id":7}'), errorOf(7, -32_600, 'Invalid Request'));
  });

  it('answers a call whose id is null', async () => {
    deepEqual(await ask('{"jsonrpc":"2.0","method":"update","id":null}'), { jsonrpc: '2.0', id: null, result: null });
  });

  it('does not take names of the object prototype for methods', async () => {
    const answer = await ask('{"jsonrpc":"2.0","method":"constructor","id":1}');
    deepEqual(answer, errorOf(1, -32_601, 'Method not found'));
  });

  it("answers a method's own error, and of a defect tells the caller nothing", async () => {
    deepEqual(await ask('{"jsonrpc":"2.0","method":"refuse","id":1}'), errorOf(1, -32_000, 'no'));
    const defects: string[] = [];
    const answer = await ask('{"jsonrpc":"2.0","method":"break","id":1}', {
      onDefect: (method) => defects.push(method),
    });
    deepEqual(answer, errorOf(1, -32_603, 'Internal error'));
    deepEqual(defects, ['break']);
  });

  it('takes a batch of batchCallsMax calls and refuses one of one more', async () => {
    const limits = { ...RPC_LIMITS, batchCallsMax: 3 };
    equal(JSON.stringify(await ask(batch(3), { limits })).match(/"result"/g)?.length, 3);
    deepEqual(
      await ask(batch(4), { limits }),
      errorOf(null, -32_600, 'Invalid Request: a batch holds at most 3 calls, found 4'),
    );
  });

  it('answers results of responseCharactersMax together, and an error in place of what goes beyond', async () => {
    const limits = { ...RPC_LIMITS, responseCharactersMax: 10 };
    // A JSON string has two quotes.
    deepEqual(await ask(JSON.stringify(long(1, 8)), { limits }), { jsonrpc: '2.0', id: 1, result: 'xxxxxxxx' });
    deepEqual(await ask(JSON.stringify(long(1, 9)), { limits }), errorOf(1, -32_003, 'response too large'));
    deepEqual(await ask(JSON.stringify([long(1, 4), long(2, 3), long(3, 2)]), { limits }), [
      { jsonrpc: '2.0', id: 1, result: 'xxxx' },
      errorOf(2, -32_003, 'response too large'),
      { jsonrpc: '2.0', id: 3, result: 'xx' },
    ]);
  });

  it('answers any JSON with valid responses, one for each call that is no notification', async () => {
    const call = fc.record(
      {
        jsonrpc: fc.constantFrom('2.0', '1.0'),
        method: fc.constantFrom('update', 'nothing', 'break', 3),
        id: fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.boolean()),
      },
      { requiredKeys: [] },
    );
    const request = fc.oneof(fc.jsonValue(), call, fc.array(fc.oneof(call, fc.jsonValue()), { maxLength: 20 }));
    await holdsAsync(
      fc.asyncProperty(request, async (value) => {
        const answer = await ask(JSON.stringify(value));
        if (answer === undefined) return;
        for (const response of Array.isArray(answer) ? (answer as unknown[]) : [answer]) {
          const text = JSON.stringify(response);
          equal(/"result":|"error":\{"code":-32\d{3},"message":/.test(text), true, text);
        }
        if (Array.isArray(value) && Array.isArray(answer)) equal(answer.length <= value.length, true);
      }),
    );
  });
});
