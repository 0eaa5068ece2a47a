/**
 * A store as a node has it, on a directory of the machine's disk: what the rows about claims and results measure. The
 * clock, the disk and the keys are the real ones; there is no network, and no watcher.
 */

import { recordOf } from '../../../crdt/block/record.ts';
import { viewOf } from '../../../crdt/block/view.ts';
import { blake3Hash } from '../../../crdt/hash.ts';
import type { BlockKey } from '../../../crdt/ids.ts';
import { generateKey } from '../../../net/identity/identity.ts';
import { Author } from '../../../src/author/author.ts';
import { datadirLayout } from '../../../src/datadir/layout.ts';
import { prepareDatadir } from '../../../src/datadir/prepare.ts';
import { NodeDisk } from '../../../src/disk/node-disk.ts';
import { eventLoopTurn, randomInteger, systemClock } from '../../../src/node/machine.ts';
import { Replica } from '../../../src/replica/replica.ts';
import type { StoreChange } from '../../../src/store/block-store.ts';
import { FileLedger } from '../../../src/store/file-ledger.ts';
import { JournaledStore } from '../../../src/store/journaled-store.ts';
import { fileView } from '../../../src/store/validate-view.ts';

export const IN_FLIGHT = 64;
const LEASE_MS = 30_000;

const identity = generateKey();

export interface BenchStore {
  /** Signs a claim, merges it and hands it on, as the local API does before it answers; its `.v` follows. */
  claim(at: number): void;
  /** Signs a result and commits it: in the journal, synced, when it resolves; its `.v` follows. */
  result(at: number): Promise<void>;
  /** The next turn of the event loop in which the store takes more: a caller comes by a socket, and waits for room. */
  turn(): Promise<void>;
  /** Resolves once every `.v` is visible. */
  idle(): Promise<void>;
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
    claim: (at) => {
      const key = keyAt(at);
      store.merge({ key, record: recordOf({ lease: author.claim(key, 1, LEASE_MS) }) }, 'local');
    },
    result: async (at) => {
      const key = keyAt(at);
      await store.commit({ key, record: recordOf({ results: [author.result(key, [], 'success', key.hash, 1)] }) });
    },
    turn: async () => {
      await eventLoopTurn();
      await store.room();
    },
    idle: () => store.idle(),
    stop: async () => {
      await journaled.stop();
      await disk.close();
    },
  };
}

function keyAt(number: number): BlockKey {
  return { number, hash: blake3Hash(new TextEncoder().encode(`${number}`)) };
}

export interface InFlightFigures {
  readonly perSecond: number;
  /** Of one task, under that load. */
  readonly p50Ms: number;
}

export interface Around {
  /** Before each task; it counts for the rate and not for the task. */
  readonly before?: () => Promise<void>;
  /** After the last task; its time counts. */
  readonly last?: () => Promise<void>;
}

/** Runs `task` for 0…`count` − 1 with {@link IN_FLIGHT} under way. */
export async function inFlight(
  count: number,
  task: (at: number) => Promise<void> | void,
  { before, last }: Around = {},
): Promise<InFlightFigures> {
  let next = 0;
  const tookMs: number[] = [];
  const worker = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      await before?.();
      const startMs = performance.now();
      await task(at);
      tookMs.push(performance.now() - startMs);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  await last?.();
  const perSecond = (count * 1_000) / (performance.now() - startMs);
  return { perSecond, p50Ms: tookMs.sort((a, b) => a - b)[Math.floor(count / 2)] ?? NaN };
}
