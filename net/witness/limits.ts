/** The bounds of the witness protocol. Each is a protocol fact or a default that the operator may change. */

import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';

/** One request: a challenge with all its ranges is the longest. */
export const WITNESS_REQUEST_BYTES_MAX = 256;
/** What stands in front of an answer's body: the version and the status. */
export const WITNESS_ANSWER_FRONT_BYTES = 2;
/** One answer: a chunk and what stands in front of it. */
export const WITNESS_ANSWER_BYTES_MAX = WITNESS_ANSWER_FRONT_BYTES + CHUNK_BYTES;
/** Contract hashes are compared in so many groups, by their first byte. */
export const CONTRACT_BUCKETS = 256;
/** Hashes of one bucket: 2 million contracts in all, evenly spread. Those beyond are not compared. */
export const CONTRACT_BUCKET_HASHES_MAX = 8_192;
/** Parts in which one line travels, each of `CHUNK_BYTES` but the last: 4 MiB, the longest line. */
export const CONTRACT_LINE_PARTS_MAX = 17;
/** Ranges of one challenge. */
export const CHALLENGE_RANGES_MAX = 16;
/** Bytes that all ranges of one challenge cover. */
export const CHALLENGE_BYTES_MAX = CHUNK_BYTES;
/** Answers that are read from disk before the one in front of them has left, for one stream. */
export const WITNESS_READ_AHEAD = 64;
/** And the bytes of all of them. */
export const WITNESS_READ_AHEAD_BYTES = 4 * CHUNK_BYTES;
