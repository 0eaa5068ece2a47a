/**
 * A store as a node has it, on a directory of the machine's disk: what the rows about claims and results measure. The
 * clock, the disk and the keys are the real ones; there is no network, and no watcher.
 */

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordOf } from '../../../crdt/block/record.ts';
import { viewOf } from '../../../crdt/block/view.ts';
import { blake3Hash } from '../../../crdt/hash.ts';
import type { BlockKey } from '../../../crdt/ids.ts';
import { generateKey } from '../../../net/identity/identity.ts';
import { Author } from '../../../src/author/author.ts';
import { datadirLayout } from '../../../src/datadir/layout.ts';
import { prepareDatadir } from '../../../src/datadir/prepare.ts';
import { NodeDisk } from '../../../src/disk/node-disk.ts';
import { randomInteger, systemClock } from '../../../src/node/machine.ts';
import { Replica } from '../../../src/replica/replica.ts';
import type { StoreChange } from '../../../src/store/block-store.ts';
import { FileLedger } from '../../../src/store/file-ledger.ts';
import { JournaledStore } from '../../../src/store/journaled-store.ts';
import { fileView } from '../../../src/store/validate-view.ts';

export const IN_FLIGHT = 64;
const LEASE_MS = 30_000;

const identity = generateKey();

export interface BenchStore {
  /** Signs a claim, merges it and waits for its `.v`, which is visible and not synced. */
  claim(at: number): Promise<void>;
  /** Signs a result and commits it: on disk when it resolves. */
  result(at: number): Promise<void>;
  /** Syncs all files, and empties the journal. */
  stop(): Promise<void>;
}

/** `onChange` is told of every change of a record, as the node is. */
export async function openBenchStore(
  datadir: string,
  onChange: (change: StoreChange) => void = () => undefined,
): Promise<BenchStore> {
  const layout = datadirLayout(datadir);
  const disk = new NodeDisk();
  await prepareDatadir(disk, layout);
  const author = new Author({ ...identity, clock: systemClock, skewBoundMs: 500 });
  const replica = new Replica();
  const journaled = new JournaledStore({
    world: { disk, clock: systemClock, random: randomInteger, layout },
    replica,
    files: new FileLedger(replica.blocks),
    isAuthentic: () => true,
    fileViewOf: (key, record) =>
      fileView(
        key,
        viewOf(record, () => true),
        systemClock.wallMs() + LEASE_MS,
      ),
    look: async () => undefined,
    onChange,
    onWriteError: (_file, error) => {
      throw error;
    },
  });
  const { store } = journaled;
  return {
    claim: async (at) => {
      const key = keyAt(at);
      store.merge({ key, record: recordOf({ lease: author.claim(key, 1, LEASE_MS) }) }, 'local');
      // Waits for the write of this block's file.
      await store.takeIn(key);
    },
    result: async (at) => {
      const key = keyAt(at);
      await store.commit({ key, record: recordOf({ results: [author.result(key, [], 'success', key.hash, 1)] }) });
    },
    stop: () => journaled.stop(),
  };
}

function keyAt(number: number): BlockKey {
  return { number, hash: blake3Hash(new TextEncoder().encode(`${number}`)) };
}

/** A new directory for a row's files: below `DRIFTLOCK_BENCH_DIR`, else the system's for temporary files. */
export function benchDirectory(): Promise<string> {
  return mkdtemp(join(process.env['DRIFTLOCK_BENCH_DIR'] ?? tmpdir(), 'driftlock-bench-'));
}

export interface InFlightFigures {
  readonly perSecond: number;
  /** Of one task, under that load. */
  readonly p50Ms: number;
}

/** Runs `task` for 0…`count` − 1 with {@link IN_FLIGHT} under way; what `last` does counts, too. */
export async function inFlight(
  count: number,
  task: (at: number) => Promise<void>,
  last: () => Promise<void> = () => Promise.resolve(),
): Promise<InFlightFigures> {
  let next = 0;
  const tookMs: number[] = [];
  const worker = async (): Promise<void> => {
    while (next < count) {
      const startMs = performance.now();
      await task(next++);
      tookMs.push(performance.now() - startMs);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  await last();
  const perSecond = (count * 1_000) / (performance.now() - startMs);
  return { perSecond, p50Ms: tookMs.sort((a, b) => a - b)[Math.floor(count / 2)] ?? NaN };
}
