/**
 * A member's word on which block is final, signed. Grammar: docs/protocol.md.
 *
 * Invariant: a message says what its sender's `chain.status` held at the time. It orders nothing: whoever hears it keeps the
 * highest block. `sentAtWallMs` only keeps a repetition from being taken for the message before.
 */

import type { Verify } from '../../crdt/block/signing.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { invariant } from '../../crdt/invariant.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import { envelopeMessage, openEnvelope, sealEnvelope, type Signer } from '../framing/envelope.ts';
import { readVersion } from '../framing/version.ts';

export const FINALITY_TOPIC = '/driftlock/finality/1';
const FINALITY_VERSION = 1;
/** No message is larger: 143 bytes, rounded up. */
export const FINALITY_BYTES_MAX = 192;
const FINALITY_TAG = 'driftlock/finality/1';
const WALL_MS_BYTES = 6;

export interface FinalityMessage {
  readonly node: NodeId;
  readonly sentAtWallMs: number;
  /** The last final block. */
  readonly final: BlockKey;
}

/** A message as it arrived. Nothing in it is to be believed before {@link isFinalitySigned}. */
export interface ReceivedFinality {
  readonly message: FinalityMessage;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

export function encodeFinality(cluster: string, signer: Signer, message: FinalityMessage): Uint8Array {
  invariant(message.node === signer.node, 'a node speaks for itself alone');
  const writer = new Writer().u8(FINALITY_VERSION).node(message.node).uintBE(message.sentAtWallMs, WALL_MS_BYTES);
  writer.varint(message.final.number).hash(message.final.hash);
  return sealEnvelope(FINALITY_TAG, cluster, writer.finish(), signer);
}

/** Throws `DecodeError` for anything that {@link encodeFinality} does not write. Does not check the signature. */
export function decodeFinality(bytes: Uint8Array): ReceivedFinality {
  const { body, signature } = openEnvelope(bytes, 'finality', FINALITY_BYTES_MAX);
  const reader = new Reader(body);
  readVersion(reader, 'finality', FINALITY_VERSION);
  const node = reader.node('finality node');
  const sentAtWallMs = reader.uintBE('finality time', WALL_MS_BYTES);
  const number = reader.varint('final block number');
  const message = { node, sentAtWallMs, final: { number, hash: reader.hash('final block hash') } };
  reader.end('finality');
  return { message, body, signature };
}

export function isFinalitySigned(
  { message, body, signature }: ReceivedFinality,
  cluster: string,
  verify: Verify,
): boolean {
  return verify(message.node, envelopeMessage(FINALITY_TAG, cluster, body), signature);
}
