/**
 * Signatures to be checked, packed so that they reach another thread without being copied one by one.
 *
 * Invariant: answers are in the order of the questions.
 */

import { nodeFromBytes, nodeToBytes, HASH_BYTES, type NodeId } from '../../crdt/ids.ts';
import type { Verify } from '../../crdt/block/signing.ts';

export interface SignedMessage {
  readonly node: NodeId;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** As it is posted; the buffers move. */
export interface VerifyBatch {
  /** For each: the lengths of message and signature. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** For each: the node, the message, the signature. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function packBatch(signed: readonly SignedMessage[]): VerifyBatch {
  const lengths = new Uint32Array(2 * signed.length);
  let sizeBytes = 0;
  for (const [at, { message, signature }] of signed.entries()) {
    lengths[2 * at] = message.length;
    lengths[2 * at + 1] = signature.length;
    sizeBytes += HASH_BYTES + message.length + signature.length;
  }
  const bytes = new Uint8Array(sizeBytes);
  let end = 0;
  for (const { node, message, signature } of signed) {
    for (const part of [nodeToBytes(node), message, signature]) {
      bytes.set(part, end);
      end += part.length;
    }
  }
  return { lengths, bytes };
}

/** 1 for each valid signature, else 0. */
export function verifyBatch({ lengths, bytes }: VerifyBatch, verify: Verify): Uint8Array<ArrayBuffer> {
  const valid = new Uint8Array(lengths.length / 2);
  let start = 0;
  const next = (length: number): Uint8Array => bytes.subarray(start, (start += length));
  for (let at = 0; at < valid.length; at++) {
    const node = nodeFromBytes(next(HASH_BYTES));
    const message = next(lengths[2 * at] ?? 0);
    const signature = next(lengths[2 * at + 1] ?? 0);
    valid[at] = verify(node, message, signature) ? 1 : 0;
  }
  return valid;
}
