/**
 * Who holds a payload, for networks in which a node is linked to a part of the members only: a holder is found by the
 * payload's digest, and linked to on the way.
 *
 * Invariant: what is found is a hint and nothing more. It may be out of date or a lie; whoever asks a holder checks what comes
 * against the digest. No one is named or linked to who is not a member. libp2p's Kademlia carries it in production
 * (`libp2p/dht/`), memory in tests; one compliance suite runs against both.
 */

import type { Hash32, NodeId } from '../crdt/ids.ts';

export interface HolderDirectory {
  /**
   * Lets others find this node by the digest; doing it again renews it. Tells whether another member knows it now. Throws
   * `signal`'s reason and `ERR_NOT_RUNNING`.
   */
  provide(payloadDigest: Hash32, signal: AbortSignal): Promise<boolean>;
  /** Does not renew it any more: what others know of it ends within `PROVIDER_VALIDITY_MS`. Throws as `provide` does. */
  withdraw(payloadDigest: Hash32, signal: AbortSignal): Promise<void>;
  /**
   * Others that say they hold the payload and are linked now, at most `HOLDERS_FOUND_MAX`; none where nobody does. Throws as
   * `provide` does.
   */
  find(payloadDigest: Hash32, signal: AbortSignal): Promise<readonly NodeId[]>;
}

/** As many as one payload is fetched from at a time. */
export const HOLDERS_FOUND_MAX = 4;
/** How long a member is remembered as a holder after it last said so. */
export const PROVIDER_VALIDITY_MS = 2 * 3_600_000;
/** Digests that are remembered for one member; the oldest makes room for one more. */
export const DIGESTS_PER_PROVIDER_MAX = 4_096;
