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
  readonly #keys = new Map<NodeId, Key>();

  /** The signer of node `index`, the same in every run. */
  make(index: number): Signer {
    const secret = blake3(new TextEncoder().encode(`driftlock/sim/key/${index}`));
    const node = nodeFromBytes(blake3(secret));
    const words = new DataView(secret.buffer, secret.byteOffset);
    const key = Array.from({ length: KEY_WORDS }, (_, at) => words.getUint32(4 * at, true));
    this.#keys.set(node, key);
    return { node, sign: (message) => signature(key, message) };
  }

  readonly verify: Verify = (node, message, claimed) => {
    const key = this.#keys.get(node);
    return key !== undefined && equalBytes(signature(key, message), claimed);
  };
}

/** Words of 32 bits. */
type Key = readonly number[];
const KEY_WORDS = 8;

/**
 * The key and the message through two lanes of 32 bits, each mixed as in cyrb53 (bryc, 2018), then spread over 64 bytes.
 * 64 bits keep apart what happens by accident; nobody attacks a simulation.
 */
function signature(key: Key, message: Uint8Array): Uint8Array {
  let [a, b] = [key[0] ?? 0, key[1] ?? 0];
  for (let at = 0; at < message.length; at++) {
    const byte = message[at] ?? 0;
    a = Math.imul(a ^ byte, 0x9e3779b1);
    b = Math.imul(b ^ byte, 0x5f356495);
  }
  const bytes = new Uint8Array(SIGNATURE_BYTES);
  for (let at = 0; at < bytes.length; at++) {
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ (key[at % KEY_WORDS] ?? 0);
    b = Math.imul(b ^ (b >>> 13), 0xc2b2ae35) ^ a;
    bytes[at] = a ^ (b >>> 15);
  }
  return bytes;
}
