import { deepEqual, equal, rejects } from 'node:assert/strict';
import { RpcError, type RpcMethods } from '../../src/rpc/json-rpc.ts';
import { BLOCK_PARAM_CHARACTERS_MAX, parseBlockParam } from '../../src/rpc/block-param.ts';
import { rpcMethods, VALIDATION_BLOCKS_MAX } from '../../src/rpc/methods.ts';
import { blobIds, failed, hashOf, named, processing, status, success, testQueries, witness } from './queries.ts';

const PAYLOAD_BYTES_MAX = 8;
const NOBODY_WAITS = {
  signal: new AbortController().signal,
  isBatch: false,
  idle: <T>(wait: () => Promise<T>) => wait(),
};

/** What `method` answers, or the code and message of its error. */
async function call(method: string, params?: unknown, methods: RpcMethods = defaultMethods): Promise<unknown> {
  try {
    return await methods.get(method)?.(params, NOBODY_WAITS);
  } catch (error) {
    if (error instanceof RpcError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const defaultMethods = rpcMethods(testQueries(), PAYLOAD_BYTES_MAX);

const idle = { number: 9, hash: hashOf(9) };
const hash64 = 'ab'.repeat(32);

const askValidation = (...blocks: unknown[]): Promise<unknown> => call('stateless_getValidation', blocks);
const askWitness = (params?: unknown): Promise<unknown> => call('stateless_getWitness', params);
const manyBlocks = (length: number): string[] => Array.from({ length }, () => named(success));
const padded = (length: number): string => `.${hash64}`.padStart(length, '0');

describe('stateless_getValidation', () => {
  it('maps each block, spelled as it was given, to its blob ids', async () => {
    deepEqual(await askValidation(named(success)), { [named(success)]: blobIds });
    const spelled = `+0003080.${success.hash.slice(2).toUpperCase()}`;
    deepEqual(await askValidation(spelled, named(success)), { [spelled]: blobIds, [named(success)]: blobIds });
  });

  it('answers an empty list by an empty map', async () => deepEqual(await askValidation(), {}));

  it('answers the errors of the reference for blocks that are no success', async () => {
    equal(await askValidation(named(idle)), '-32000 This block 9 is too old or not validated yet');
    equal(await askValidation(named(processing)), '-32000 This block 3082 in processing');
    equal(await askValidation(named(failed)), '-32001 This block 3081 validation failed');
    equal(
      await askValidation(`18446744073709551615.${hash64}`),
      `-32000 This block ${2n ** 64n - 1n} is too old or not validated yet`,
    );
  });

  it('ends at the first bad block', async () => {
    equal(await askValidation(named(success), named(failed), 'nonsense'), '-32001 This block 3081 validation failed');
    equal(await askValidation(named(success), 'nonsense', named(failed)), '-32602 invalid params format: nonsense');
  });

  it('answers the errors of the reference for what is no block', async () => {
    equal(await askValidation('3080'), '-32602 invalid params format: 3080');
    equal(await askValidation(`.${hash64}`), '-32602 invalid block number: ');
    equal(await askValidation(`0x10.${hash64}`), '-32602 invalid block number: 0x10');
    equal(await askValidation(`-1.${hash64}`), '-32602 invalid block number: -1');
    equal(await askValidation(`18446744073709551616.${hash64}`), '-32602 invalid block number: 18446744073709551616');
    equal(await askValidation(`3080.${hash64}.v`), `-32602 invalid block hash: ${hash64}.v`);
    equal(await askValidation('3080.0x12'), '-32602 invalid block hash: 0x12');
  });

  it('refuses params that are no list of strings', async () => {
    const expected = '-32602 invalid params: expected an array of "number.hash"';
    equal(await askValidation(3080), expected);
    equal(await call('stateless_getValidation'), expected);
    equal(await call('stateless_getValidation', { blocks: [named(success)] }), expected);
  });

  it('takes VALIDATION_BLOCKS_MAX blocks and refuses one more', async () => {
    deepEqual(await askValidation(...manyBlocks(VALIDATION_BLOCKS_MAX)), { [named(success)]: blobIds });
    equal(
      await askValidation(...manyBlocks(VALIDATION_BLOCKS_MAX + 1)),
      '-32602 invalid params: expected at most 1024 blocks, found 1025',
    );
  });

  it('takes a block of BLOCK_PARAM_CHARACTERS_MAX characters and does not quote a longer one whole', () => {
    equal(parseBlockParam(padded(BLOCK_PARAM_CHARACTERS_MAX)).number, 0n);
    let message = '';
    try {
      parseBlockParam(padded(BLOCK_PARAM_CHARACTERS_MAX + 1));
    } catch (error) {
      if (error instanceof RpcError) message = error.message;
    }
    equal(message, `invalid params format: "${'0'.repeat(60)}"… (257 characters)`);
  });
});

describe('stateless_getWitness', () => {
  const block = `${witness.number}.${witness.parentHash}`;

  it('answers the payload in hex without 0x, for a bare string and for an array of one', async () => {
    equal(await askWitness(block), 'deadbeef');
    equal(await askWitness([block]), 'deadbeef');
    equal(await askWitness(block.replace('0x', '')), 'deadbeef');
  });

  it('tells a number of which nothing is here from another parent', async () => {
    equal(await askWitness(`9.${witness.parentHash}`), '-32602 not found block number: 9');
    equal(await askWitness(`18446744073709551615.${hash64}`), '-32602 not found block number: 18446744073709551615');
    const other = `${witness.number}.${hashOf(1)}`;
    equal(await askWitness(other), `-32602 not found witness for block ${other}`);
  });

  it('refuses params that are no block', async () => {
    const expected = '-32602 invalid params: expected "number.parentHash"';
    for (const params of [undefined, [], [block, block], [1], { block }, null])
      equal(await askWitness(params), expected);
    equal(await askWitness('3080'), '-32602 invalid params format: 3080');
    equal(await askWitness(`x.${hash64}`), '-32602 invalid block number: x');
    equal(await askWitness(['3080.xyz']), '-32602 invalid block hash: xyz');
  });

  it('answers a payload of payloadBytesMax and refuses one of a byte more', async () => {
    const answers = (sizeBytes: number): Promise<unknown> =>
      call(
        'stateless_getWitness',
        block,
        rpcMethods(
          testQueries(async () => new Uint8Array(sizeBytes)),
          PAYLOAD_BYTES_MAX,
        ),
      );
    equal(await answers(PAYLOAD_BYTES_MAX), '00'.repeat(PAYLOAD_BYTES_MAX));
    equal(await answers(PAYLOAD_BYTES_MAX + 1), '-32003 response too large');
  });

  it('does not pass off a failure to read as an absent witness', async () => {
    const broken = rpcMethods(
      testQueries(() => Promise.reject(new Error('disk'))),
      PAYLOAD_BYTES_MAX,
    );
    await rejects(call('stateless_getWitness', block, broken), /disk/);
  });
});

describe('driftlock_status', () => {
  it("answers the node's status", async () => deepEqual(await call('driftlock_status'), status));
});
