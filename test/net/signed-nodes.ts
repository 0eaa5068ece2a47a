/** Nodes with real Ed25519 keys, the same in every run, and records that they signed. */

import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { recordOf } from '../../crdt/block/record.ts';
import { leaseMessage, resultMessage, type Verify } from '../../crdt/block/signing.ts';
import { nodeFromBytes, type BlockKey, type NodeId } from '../../crdt/ids.ts';
import type { Signer } from '../../net/framing/envelope.ts';
import { hashOf, leaseWith, resultWith } from '../crdt/block/arbitraries.ts';

/** PKCS #8 of an Ed25519 key (RFC 8410), up to its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_KEY_BYTES = 32;

export class SignedNodes {
  readonly #keys = new Map<NodeId, KeyObject>();
  /** How many signatures were checked. */
  verified = 0;

  /** Node number `n`, 0…255. */
  make(n: number): Signer {
    const seed = Buffer.alloc(32, n);
    const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey(privateKey);
    const node = nodeFromBytes(publicKey.export({ format: 'der', type: 'spki' }).subarray(-PUBLIC_KEY_BYTES));
    this.#keys.set(node, publicKey);
    return { node, sign: (message) => new Uint8Array(sign(null, message, privateKey)) };
  }

  readonly verify: Verify = (node, message, signature) => {
    this.verified++;
    const key = this.#keys.get(node);
    return key !== undefined && verify(null, message, key, signature);
  };
}

/** Block number `number`, its hash made from it. */
export function keyAt(number: number): BlockKey {
  return { number, hash: hashOf(number) };
}

/** A Success of `signer` for `key`. */
export function signedResult(signer: Signer, key: BlockKey, sequence = 1): KeyedRecord {
  const result = resultWith({ node: signer.node, sequence });
  return { key, record: recordOf({ results: [{ ...result, signature: signer.sign(resultMessage(key, result)) }] }) };
}

/** A claim of `signer` for `key`. */
export function signedLease(signer: Signer, key: BlockKey, epoch = 1): KeyedRecord {
  const lease = leaseWith({ holder: signer.node, epoch });
  return { key, record: recordOf({ lease: { ...lease, signature: signer.sign(leaseMessage(key, lease)) } }) };
}
