/** Whole nodes that hear of a witness by an announcement whose size is not that of the payload. */

import assert from 'node:assert/strict';
import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import { recordOf } from '../../crdt/block/record.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { decodeWitnessFile, encodeWitnessFile } from '../../src/files/witness-file.ts';
import { DISTRUST_MS } from '../../src/witness/distrust.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { payloadOf, wantedOf } from '../net/witness/peers.ts';
import { Cluster, witnessFile } from '../node/memory-cluster.ts';

const KEY = keyAt(3_080);
const { witnessData: SMALL, ...FIELDS } = decodeWitnessFile(witnessFile(KEY), blockFileName('witness', KEY)).status;
const LARGE = payloadOf(2 * CHUNK_BYTES + 5);

describe('an announcement with a size that its payload does not have', () => {
  for (const [what, payload, announcedBytes] of [
    ['of one chunk, announced as longer', SMALL, SMALL.length + 1],
    ['of one chunk, announced as of several', SMALL, LARGE.length],
    ['of several chunks, announced as one', LARGE, 5],
    ['of several chunks, announced as shorter', LARGE, LARGE.length - 1],
  ] as const) {
    it(`${what}, is its author’s fault: the holder stays trusted, and the witness comes by the holder’s own`, async () => {
      const cluster = new Cluster();
      const liar = cluster.absentMember();
      const [holder, fetcher] = cluster.add(2);
      assert(holder !== undefined && fetcher !== undefined);
      await cluster.start();
      await cluster.clock.advance(2_000);
      const { payloadDigest } = wantedOf(payload);
      // Further than what the holder announces, so it is chosen as long as it is believed.
      const { parentHash, preStateRoot, lockTimeSeconds, blobIds } = FIELDS;
      const terms = { parentHash, preStateRoot, lockTimeSeconds, blobIds, payloadDigest, payloadBytes: announcedBytes };
      const witnesses = [liar.announcement(KEY, { ...terms, state: 'Completed' })];
      for (const { node } of [holder, fetcher])
        node.store.merge({ key: KEY, record: recordOf({ witnesses }) }, 'local');
      const file = encodeWitnessFile({ ...FIELDS, witnessData: payload });
      await holder.write('witness', KEY, file);
      await cluster.until(() => fetcher.node.shelf.size === 1, 60_000);
      assert.deepEqual(await fetcher.bytesOf('witness', KEY), file);

      assert.deepEqual(
        fetcher.eventsOf('witness-announcement-blamed').map(({ author }) => author),
        [liar.node],
      );
      assert.deepEqual(fetcher.eventsOf('witness-source-blamed'), []);
      const { distrust } = fetcher.node.witnesses;
      assert(distrust.isTrusted(holder.id, payloadDigest, fetcher.clock.monotonicMs()));
      assert.equal(fetcher.node.witnesses.resources().distrusted, 0);
      // Who has the bytes knows that it is wrong, also when the finding has ended.
      await cluster.clock.advance(DISTRUST_MS + 60_000);
      for (const { node } of [holder, fetcher]) {
        assert.equal(node.witnesses.chosen(KEY)?.author, holder.id);
        assert.equal(node.witnesses.fetcher.fetching, 0);
      }
      await cluster.stop();
    });
  }
});
