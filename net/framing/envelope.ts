/**
 * Signed messages of one sender: a body and, behind it, the sender's Ed25519 signature (RFC 8032).
 *
 * Invariant: what is signed begins with the tag of the kind of message and the name of the cluster, so a signature for
 * one kind or cluster can never stand for another.
 */

import { SIGNATURE_BYTES } from '../../crdt/bytes.ts';
import type { Sign } from '../../crdt/block/signing.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { DecodeError } from '../../crdt/errors.ts';
import type { NodeId } from '../../crdt/ids.ts';

/** Who signs: a node and its key. */
export interface Signer {
  readonly node: NodeId;
  readonly sign: Sign;
}

export interface Envelope {
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

/** What the sender of `body` signs. */
export function envelopeMessage(tag: string, cluster: string, body: Uint8Array): Uint8Array {
  return new Writer(body.length + 64).text(tag).text(cluster).fixed(body).finish();
}

export function sealEnvelope(tag: string, cluster: string, body: Uint8Array, signer: Signer): Uint8Array {
  const signature = signer.sign(envelopeMessage(tag, cluster, body));
  return new Writer(body.length + SIGNATURE_BYTES).fixed(body).fixed(signature).finish();
}

/**
 * Splits an envelope, whose signature is not checked here. The parts are views into `bytes`. Throws `DecodeError`:
 * `ERR_OVER_LIMIT` beyond `bytesMax`, `ERR_TRUNCATED` when there is no room for a signature.
 */
export function openEnvelope(bytes: Uint8Array, what: string, bytesMax: number): Envelope {
  if (bytes.length > bytesMax) {
    throw new DecodeError('ERR_OVER_LIMIT', {
      argument: what,
      expected: `at most ${bytesMax} bytes`,
      found: `${bytes.length}`,
      offset: 0,
    });
  }
  const bodyBytes = bytes.length - SIGNATURE_BYTES;
  if (bodyBytes < 0) {
    throw new DecodeError('ERR_TRUNCATED', {
      argument: `${what} signature`,
      expected: `${SIGNATURE_BYTES} bytes`,
      found: `${bytes.length}`,
      offset: 0,
    });
  }
  return { body: bytes.subarray(0, bodyBytes), signature: bytes.subarray(bodyBytes) };
}
