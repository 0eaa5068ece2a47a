/**
 * What of a node goes into a snapshot, and back: its finished blocks, as replica, ledger, shelf and tally know them.
 *
 * Invariant: a block is in a snapshot only if its `.v` holds its record; every other block is read from its file at start.
 */

import { fingerprintFromBytes } from '../../crdt/block/fingerprint.ts';
import { disputeOf } from '../../crdt/block/view.ts';
import type { NodeId } from '../../crdt/ids.ts';
import type { Replica } from '../replica/replica.ts';
import type { Tally } from '../replica/tally.ts';
import type { FileLedger } from '../store/file-ledger.ts';
import type { WitnessShelf } from '../witness/shelf.ts';
import type { RecordCounts, SnapshotEntry } from './entry.ts';
import type { SnapshotSource, SnapshotTarget } from './snapshot-store.ts';

export interface SnapshotParts {
  readonly replica: Replica;
  readonly files: FileLedger;
  readonly shelf: WitnessShelf;
  readonly tally: Tally;
}

/** Where a packed record says how many results it has, if it has any: behind the byte that says which parts follow. */
const RESULT_COUNT_OFFSET = 1;

export function snapshotOf({ replica, files, shelf }: SnapshotParts): SnapshotSource {
  return { nodes: () => replica.nodes, entries };

  function* entries(): Generator<SnapshotEntry> {
    const { blocks } = replica;
    for (const { slot, fingerprint, traits, packed } of replica.packedFinished()) {
      if (!files.holdsRecordAt(slot, fingerprintFromBytes(fingerprint))) continue;
      yield {
        number: blocks.numberAt(slot),
        hash: blocks.hashAt(slot),
        fingerprint,
        traits,
        counts: countsOf(replica, slot, packed),
        validate: files.knownAt('validate', slot),
        witness: files.knownAt('witness', slot),
        shelved: shelf.entryAt(slot),
        packed,
      };
    }
  }
}

/** Takes over into parts that know of no block yet. */
export function adoptInto({ replica, files, shelf, tally }: SnapshotParts): SnapshotTarget {
  return {
    begin: (nodes: readonly NodeId[]) => replica.adoptNodes(nodes),
    add({ number, hash, fingerprint, traits, counts, validate, witness, shelved, packed }) {
      const slot = replica.blocks.claimBytes(number, hash);
      replica.adopt({ slot, fingerprint, traits, packed });
      tally.adopt(counts.results, counts.successes, counts.isDisputed ? replica.blocks.keyOf(slot) : undefined);
      if (validate !== undefined) files.noteAt('validate', slot, validate);
      files.adoptRecordAt(slot, fingerprint);
      if (witness !== undefined) files.noteAt('witness', slot, witness);
      if (shelved !== undefined) shelf.adopt(slot, shelved);
    },
  };
}

/** One result of a finished block is a Success; only more than one need a look at the record. */
function countsOf(replica: Replica, slot: number, packed: Uint8Array): RecordCounts {
  if (packed[RESULT_COUNT_OFFSET] === 1) return { results: 1, successes: 1, isDisputed: false };
  const { results } = replica.get(replica.blocks.keyOf(slot));
  const successes = results.filter(({ verdict }) => verdict === 'success').length;
  return { results: results.length, successes, isDisputed: disputeOf(results) !== undefined };
}
