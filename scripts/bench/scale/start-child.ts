/**
 * The child process of the rows about starting and claiming: `argv[2]` is a data directory, `argv[3]` how many claims to
 * time. Starts a node on it, prints what it took as JSON, and stops it in good order. Run with --expose-gc.
 */

import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZERO_HASH, type BlockKey } from '../../../crdt/ids.ts';
import { blake3Hash } from '../../../crdt/hash.ts';
import { identityFromSeed } from '../../../net/identity/identity.ts';
import { blockFileName } from '../../../src/files/file-names.ts';
import { encodeWitnessFile } from '../../../src/files/witness-file.ts';
import type { Validator } from '../../../src/validators/validator.ts';
import { loneNode, type StartFigures } from './datadir.ts';

const [, , datadir = '', claims = '0'] = process.argv;
/** The same in every run, so that the snapshot is this node's own. */
const identity = identityFromSeed(new Uint8Array(32).fill(11));
const startedAt = new Map<number, PromiseWithResolvers<number>>();
const validator: Validator = {
  name: 'bench',
  description: 'says success at once',
  executes: false,
  validate(task) {
    startedAt.get(task.key.number)?.resolve(performance.now());
    return Promise.resolve({ kind: 'success', stateRoot: ZERO_HASH });
  },
};
let fromIndex = 0;
const { node, layout } = await loneNode(datadir, identity, Number(claims) > 0 ? validator : undefined, (event) => {
  if (event.type === 'loaded') fromIndex = event.fromIndex;
});

const before = performance.now();
await node.start();
const startMs = performance.now() - before;
for (let round = 0; round < 3; round++) {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const residentBytes = process.memoryUsage.rss();
const claimsMs = await timeClaims(Number(claims));
const blocks = node.replica.size;
const stopBegan = performance.now();
await node.stop();
const figures: StartFigures = {
  startMs,
  stopMs: performance.now() - stopBegan,
  residentBytes,
  blocks,
  fromIndex,
  claimsMs,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);

/** From the rename of a witness into its place to the call of the validator, one block after the other. */
async function timeClaims(count: number): Promise<number[]> {
  const tookMs: number[] = [];
  for (let at = 0; at < count; at++) {
    const key: BlockKey = { number: 2 ** 40 + at, hash: blake3Hash(new TextEncoder().encode(`${process.pid} ${at}`)) };
    const claimed = Promise.withResolvers<number>();
    startedAt.set(key.number, claimed);
    const temporary = join(layout.root, 'bench.tmp');
    await writeFile(temporary, witnessOf(key));
    const dropped = performance.now();
    await rename(temporary, join(layout.witness, blockFileName('witness', key)));
    tookMs.push((await claimed.promise) - dropped);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return tookMs;
}

function witnessOf({ number, hash }: BlockKey): Uint8Array {
  return encodeWitnessFile({
    status: 'Completed',
    blockHash: hash,
    blockNumber: number,
    preStateRoot: ZERO_HASH,
    parentHash: ZERO_HASH,
    lockTimeSeconds: 0n,
    blobIds: [],
    witnessData: new Uint8Array(14_000),
  });
}
