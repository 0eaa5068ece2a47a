/**
 * Signatures of simulated nodes: a keyed hash instead of Ed25519, which would take most of a run's time.
 *
 * Invariant: only who knows a node's key can make its signature, and only this object knows the keys. The signed
 * messages, and when they are checked, are those of production.
 */

import { equalBytes, SIGNATURE_BYTES } from '../../crdt/bytes.ts';
import type { Verify } from '../../crdt/block/signing.ts';
import { blake3 } from '../../crdt/hash.ts';
import { nodeFromBytes, type NodeId } from '../../crdt/ids.ts';
import type { Signer } from '../../net/framing/envelope.ts';

export class KeyedSigners {
  readonly #keys = new Map<NodeId, Uint8Array>();

  /** The signer of node `index`, the same in every run. */
  make(index: number): Signer {
    const key = blake3(new TextEncoder().encode(`driftlock/sim/key/${index}`));
    const node = nodeFromBytes(blake3(key));
    this.#keys.set(node, key);
    return { node, sign: (message) => signature(key, message) };
  }

  readonly verify: Verify = (node, message, claimed) => {
    const key = this.#keys.get(node);
    return key !== undefined && equalBytes(signature(key, message), claimed);
  };
}

function signature(key: Uint8Array, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(SIGNATURE_BYTES);
  bytes.set(blake3(key, message));
  return bytes;
}
