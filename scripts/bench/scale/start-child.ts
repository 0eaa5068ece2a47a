/**
 * The child process of the rows about starting and claiming: `argv[2]` is a data directory, `argv[3]` how many claims to
 * time, first while the directory is scanned and then after that. Starts a node on it, prints what it took as JSON, and stops it in good order. Run with --expose-gc.
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
/** Above all blocks of the directory. */
let nextNumber = 2 ** 40;
const { node, layout, firstScan } = await loneNode(
  datadir,
  identity,
  Number(claims) > 0 ? validator : undefined,
  (event) => {
    if (event.type === 'loaded') fromIndex = event.fromIndex;
  },
);

const before = performance.now();
await node.start();
const startMs = performance.now() - before;
for (let round = 0; round < 3; round++) {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const residentBytes = process.memoryUsage.rss();
let isScanning = true;
const scanned = firstScan.then(() => (isScanning = false));
// The first claims of a process run code that was not compiled yet.
await timeClaims(Number(claims), () => true);
const scanningClaimsMs = await timeClaims(Number(claims), () => isScanning);
await scanned;
const claimsMs = await timeClaims(Number(claims), () => true);
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
  scanningClaimsMs,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);

/** From the rename of a witness into its place to the call of the validator, one block after the other, at most `count` while `goesOn`. */
async function timeClaims(count: number, goesOn: () => boolean): Promise<number[]> {
  const tookMs: number[] = [];
  while (tookMs.length < count && goesOn()) {
    const number = nextNumber++;
    const key: BlockKey = { number, hash: blake3Hash(new TextEncoder().encode(`${process.pid} ${number}`)) };
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
