/**
 * Counts the streams a node has open, per peer and protocol.
 *
 * Invariant: at most `STREAMS_PER_PEER_MAX` slots of one peer and protocol are taken. The opener counts, because the
 * receiver can only answer the stream beyond the limit with a reset, after the opener took it for open.
 */

import type { NodeId } from '../../crdt/ids.ts';
import { STREAMS_PER_PEER_MAX } from '../network.ts';
import { tooManyStreams } from '../transport-error.ts';

export class StreamSlots {
  readonly #taken = new Map<string, number>();

  /** Throws `ERR_OVER_LIMIT`. Call the returned function once, when the stream is over. */
  take(peer: NodeId, protocol: string): () => void {
    const key = `${peer} ${protocol}`;
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= STREAMS_PER_PEER_MAX) throw tooManyStreams(peer, protocol);
    this.#taken.set(key, taken + 1);
    return () => this.#release(key);
  }

  #release(key: string): void {
    const left = (this.#taken.get(key) ?? 0) - 1;
    if (left > 0) this.#taken.set(key, left);
    else this.#taken.delete(key);
  }
}
