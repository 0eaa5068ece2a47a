/**
 * The child process of the row `memory`: fills a node's tables with `argv[2]` blocks, and prints the bytes of resident
 * memory that each took. Run with --expose-gc.
 *
 * Invariant: what is measured is the growth from a quarter of the blocks to all of them, so that what a process takes whatever
 * it holds (the runtime, young garbage) does not count for the blocks.
 */

import { recordOf } from '../../../crdt/block/record.ts';
import { DEFAULTS } from '../../../src/config/node-config.ts';
import { Replica } from '../../../src/replica/replica.ts';
import { Tally } from '../../../src/replica/tally.ts';
import { FileLedger } from '../../../src/store/file-ledger.ts';
import { WitnessShelf } from '../../../src/witness/shelf.ts';
import { ScaleBlocks } from './blocks.ts';

/** Real times take more than 32 bits. */
const BOOT_NS = 1_700_000_000_000_000_000n;
const total = Number(process.argv[2]);
const source = new ScaleBlocks();
const replica = new Replica();
const files = new FileLedger(replica.blocks);
const shelf = new WitnessShelf(replica.blocks, files, () => '');
const tally = new Tally();
const settled = recordOf({ settled: true });

const first = Math.floor(total / 4);
await fill(0, first);
const before = await residentBytes();
await fill(first, total);
const after = await residentBytes();
const bytesPerBlock = (after - before) / (total - first);
process.stdout.write(`${JSON.stringify({ bytesPerBlock, residentBytes: after, blocks: replica.size })}\n`);

/** As the blocks come in: each whole, and settled once it lies so far back. */
async function fill(from: number, to: number): Promise<void> {
  for (let at = from; at < to; at++) {
    const key = source.key(at);
    const record = source.record(at);
    const change = replica.merge({ key, record });
    if (change !== undefined) tally.note(change);
    const identity = { inode: BigInt(at), sizeBytes: 500, modifiedNs: BOOT_NS + BigInt(at) };
    for (const kind of ['validate', 'witness'] as const) files.note(kind, key, { identity, place: 'primary' });
    files.noteRecord(key, replica.fingerprint(key));
    const payloadDigest = record.witnesses[0]?.payloadDigest;
    if (payloadDigest !== undefined)
      shelf.put(key, { state: 'Completed', payloadDigest, payloadBytes: 14_000, payloadOffset: 200 }, undefined);
    if (at >= DEFAULTS.settleAfterBlocks) {
      const old = source.key(at - DEFAULTS.settleAfterBlocks);
      replica.merge({ key: old, record: settled });
      shelf.settle(old);
    }
    if (at % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function residentBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return process.memoryUsage.rss();
}
