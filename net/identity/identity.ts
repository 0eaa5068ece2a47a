/**
 * A node's identity: an Ed25519 key pair (RFC 8032). The raw public key is the node id.
 *
 * Signatures come from node:crypto: 26 µs to sign and 67 µs to verify, against 64 and 86 µs in @libp2p/crypto, and they
 * are the same bytes. Keys enter node:crypto in the DER form of RFC 8410, whose prefix is constant for Ed25519.
 */

import { createPrivateKey, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import { concatBytes } from '@noble/hashes/utils.js';
import { nodeFromBytes, type NodeId } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';

export const SEED_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** PKCS#8 of an Ed25519 private key, up to its 32 bytes. */
const PRIVATE_KEY_PREFIX = Uint8Array.from(Buffer.from('302e020100300506032b657004220420', 'hex'));
/** SubjectPublicKeyInfo of an Ed25519 public key, up to its 32 bytes. */
const PUBLIC_KEY_PREFIX = Uint8Array.from(Buffer.from('302a300506032b6570032100', 'hex'));

/** Who signs. All that most of the node needs to know of its own key. */
export interface Identity {
  readonly node: NodeId;
  /** 64 bytes. Deterministic: the same message gives the same signature. */
  sign(message: Uint8Array): Uint8Array;
}

/** An identity with its secret at hand, for the transport and the key file. */
export interface SecretIdentity extends Identity {
  /** The 32-byte private key of RFC 8032. Keep it out of logs. */
  readonly seed: Uint8Array;
}

/** A new identity, from the operating system's randomness: a secret must not come from a seeded source. */
export function generateKey(): SecretIdentity {
  return identityFromSeed(randomBytes(SEED_BYTES));
}

/** Precondition: `seed` holds 32 bytes. */
export function identityFromSeed(seed: Uint8Array): SecretIdentity {
  invariant(seed.length === SEED_BYTES, `an Ed25519 seed has ${SEED_BYTES} bytes`);
  const kept = Uint8Array.from(seed);
  const key = createPrivateKey({
    key: Buffer.from(concatBytes(PRIVATE_KEY_PREFIX, kept)),
    format: 'der',
    type: 'pkcs8',
  });
  const publicDer = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    node: nodeFromBytes(publicDer.subarray(PUBLIC_KEY_PREFIX.length)),
    seed: kept,
    sign: (message) => Uint8Array.from(sign(null, message, key)),
  };
}

/** The public key of 32 raw bytes, for node:crypto. */
export function publicKeyObject(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concatBytes(PUBLIC_KEY_PREFIX, raw)), format: 'der', type: 'spki' });
}
