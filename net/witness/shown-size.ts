/**
 * Tells a holder that sends what it should not from an announcement that states a wrong size: the digest fixes every byte and so
 * the size, whatever was announced, and a holder that can show bytes of that digest is honest.
 *
 * Invariant: a size counts as shown only by bytes that hash to the digest, so no holder can put its own fault on an announcement.
 */

import { checkChunkList, chunkCount, CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import { WITNESS_PAYLOAD_BYTES_MAX } from '../../crdt/block/witness.ts';
import { isFailure } from '../../crdt/errors.ts';
import { blake3Hash } from '../../crdt/hash.ts';
import { HASH_BYTES, type Hash32, type NodeId } from '../../crdt/ids.ts';
import type { WitnessClient } from './client.ts';
import type { WantedWitness } from './retrieve.ts';
import { WitnessTransferError } from './transfer-error.ts';

type Ask = Pick<WitnessClient, 'ask'>;

/** What is wrong, after `source` has failed with `failure`: that, or `ERR_WITNESS_SIZE`. Costs two requests at most. */
export async function faultBehind(
  failure: unknown,
  source: NodeId,
  { payloadDigest, payloadBytes }: WantedWitness,
  client: Ask,
  signal: AbortSignal,
): Promise<unknown> {
  if (!isFailure(failure, 'ERR_WITNESS_LIST', 'ERR_WITNESS_LENGTH', 'ERR_WITNESS_DIGEST')) return failure;
  const shownBytes = await shownSize(source, payloadDigest, client, signal).catch(() => undefined);
  if (shownBytes === undefined || shownBytes === payloadBytes) return failure;
  const what = `witness payload ${payloadDigest}`;
  const [expected, found] = [`the announced ${payloadBytes} bytes`, `${shownBytes} bytes of that digest`];
  return new WitnessTransferError('ERR_WITNESS_SIZE', source, what, expected, found);
}

/** The size of the payload with this digest, by the list of its chunks and its last chunk; undefined when they do not show it. */
async function shownSize(
  source: NodeId,
  payloadDigest: Hash32,
  client: Ask,
  signal: AbortSignal,
): Promise<number | undefined> {
  const list = await client.ask(source, { kind: 'chunk-list', payloadDigest }, signal);
  const count = Math.ceil(list.length / HASH_BYTES);
  if (count === 0 || count > chunkCount(WITNESS_PAYLOAD_BYTES_MAX)) return undefined;
  const last = await client.ask(source, { kind: 'chunk', payloadDigest, index: count - 1 }, signal);
  const payloadBytes = (count - 1) * CHUNK_BYTES + last.length;
  const chunks = checkChunkList(list, payloadDigest, payloadBytes);
  return chunks?.at(-1) === blake3Hash(last) ? payloadBytes : undefined;
}
