/**
 * Signature checks for a whole process: one cache of keys, and threads for what comes in bulk.
 *
 * Invariant: whoever checks gives the same answer. Threads are started when the first batch is worth one: they take 10 MB
 * each, and a node that hears a record now and then needs none.
 */

import { availableParallelism } from 'node:os';
import type { NodeId } from '../../crdt/ids.ts';
import { VerifyPool } from './verify-pool.ts';
import { SignatureVerifier } from './verifier.ts';

const shared = new SignatureVerifier();
const pool = new VerifyPool(shared, availableParallelism());

/** {@link SignatureVerifier.verify} over one cache for the whole process. */
export function verifySignature(node: NodeId, message: Uint8Array, signature: Uint8Array): boolean {
  return shared.verify(node, message, signature);
}

/** The same on other threads. */
export function verifySignatureLater(node: NodeId, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return pool.verify({ node, message, signature });
}
