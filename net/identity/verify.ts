/**
 * Signature checks (Ed25519, RFC 8032): 67 µs each, which at five nodes on two cores caps a cluster at about 7,000
 * records a second, so making the key object (15 µs) is not repeated for an author that was seen before.
 */

import { verify, type KeyObject } from 'node:crypto';
import { nodeToBytes, type NodeId } from '../../crdt/ids.ts';
import { publicKeyObject, SIGNATURE_BYTES } from './identity.ts';

/** How many authors' key objects are kept. An author beyond it costs the oldest one its place. */
export const CACHED_KEYS_MAX = 1024;

export class SignatureVerifier {
  readonly #keys = new Map<NodeId, KeyObject>();

  get cachedKeys(): number {
    return this.#keys.size;
  }

  /** Whether `signature` is `node`'s signature of `message`. Any bytes may be passed: what is no signature is not valid. */
  verify(node: NodeId, message: Uint8Array, signature: Uint8Array): boolean {
    return signature.length === SIGNATURE_BYTES && verify(null, message, this.#keyOf(node), signature);
  }

  /** The same on one of libuv's threads: 6 µs of this one. */
  verifyLater(node: NodeId, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (signature.length !== SIGNATURE_BYTES) return Promise.resolve(false);
    const key = this.#keyOf(node);
    return new Promise((resolve, reject) => {
      verify(null, message, key, signature, (error, isValid) => {
        if (error === null) resolve(isValid);
        else reject(error);
      });
    });
  }

  #keyOf(node: NodeId): KeyObject {
    const known = this.#keys.get(node);
    if (known !== undefined) return known;
    const [oldest] = this.#keys.keys();
    if (oldest !== undefined && this.#keys.size >= CACHED_KEYS_MAX) this.#keys.delete(oldest);
    const key = publicKeyObject(nodeToBytes(node));
    this.#keys.set(node, key);
    return key;
  }
}

const shared = new SignatureVerifier();

/** {@link SignatureVerifier.verify} over one cache for the whole process. */
export function verifySignature(node: NodeId, message: Uint8Array, signature: Uint8Array): boolean {
  return shared.verify(node, message, signature);
}

/** {@link SignatureVerifier.verifyLater} over the same cache. */
export function verifySignatureLater(node: NodeId, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return shared.verifyLater(node, message, signature);
}
