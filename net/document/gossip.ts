/**
 * News of the cluster document by gossip: what was written or said at one node, signed by it. Grammar: docs/protocol.md.
 *
 * Gossip rather than a stream to each peer: one message reaches members that its author has no link to. What it loses, the exchange
 * repairs.
 *
 * Invariant: nothing is given out but what a member signed for this cluster.
 */

import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { isFailure } from '../../crdt/errors.ts';
import type { NodeId } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { envelopeMessage, openEnvelope, sealEnvelope, type Signer } from '../framing/envelope.ts';
import { readVersion } from '../framing/version.ts';
import type { Trust } from '../gossip/check-record.ts';
import { GOSSIP_MESSAGE_BYTES_MAX, type GossipVerdict } from '../network.ts';
import { DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX } from './limits.ts';

export const DOCUMENT_TOPIC = '/driftlock/document/1';
const GOSSIP_VERSION = 1;
const GOSSIP_TAG = 'driftlock/document/1';

const KINDS = ['update', 'awareness'] as const;

export interface DocumentNews {
  readonly node: NodeId;
  /** `update`: of Yjs; `awareness`: of y-protocols. */
  readonly kind: (typeof KINDS)[number];
  readonly payload: Uint8Array;
}

export type NewsReason =
  | 'valid'
  /** Ignored: a version that this node does not speak. */
  | 'unknown-version'
  /** Ignored: the member list may not have reached this node. */
  | 'not-member'
  | 'undecodable'
  | 'bad-signature';

export interface NewsReceipt {
  readonly verdict: GossipVerdict;
  readonly reason: NewsReason;
  /** Present exactly when the verdict is `accept`; the payload is not checked. */
  readonly news: DocumentNews | undefined;
}

/** Precondition: the payload is at most DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX. */
export function encodeNews(cluster: string, signer: Signer, { node, kind, payload }: DocumentNews): Uint8Array {
  invariant(node === signer.node, 'a node speaks for itself alone');
  invariant(payload.length <= DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX, 'the news fit a message');
  const body = new Writer().u8(GOSSIP_VERSION).node(node).u8(KINDS.indexOf(kind)).fixed(payload).finish();
  return sealEnvelope(GOSSIP_TAG, cluster, body, signer);
}

/** What to make of a message that arrived. Reject and ignore mean the same as for batches (`gossip/judge.ts`). */
export function receiveNews(bytes: Uint8Array, trust: Trust & { readonly cluster: string }): NewsReceipt {
  try {
    const { body, signature } = openEnvelope(bytes, 'document news', GOSSIP_MESSAGE_BYTES_MAX);
    const news = decodeBody(body);
    if (!trust.isMember(news.node)) return refused('ignore', 'not-member');
    const isSigned = trust.verify(news.node, envelopeMessage(GOSSIP_TAG, trust.cluster, body), signature);
    return isSigned ? { verdict: 'accept', reason: 'valid', news } : refused('reject', 'bad-signature');
  } catch (error) {
    if (isFailure(error, 'ERR_UNKNOWN_VERSION')) return refused('ignore', 'unknown-version');
    if (isFailure(error)) return refused('reject', 'undecodable');
    throw error;
  }
}

function decodeBody(body: Uint8Array): DocumentNews {
  const reader = new Reader(body);
  readVersion(reader, 'document news', GOSSIP_VERSION);
  const node = reader.node('document news node');
  const start = reader.offset;
  const at = reader.u8('document news kind');
  const kind = KINDS[at];
  if (kind === undefined) {
    throw reader.fail('ERR_BAD_ENUM', 'document news kind', `0…${KINDS.length - 1}`, `${at}`, start);
  }
  return { node, kind, payload: reader.fixed('document news payload', reader.remaining) };
}

function refused(verdict: GossipVerdict, reason: NewsReason): NewsReceipt {
  return { verdict, reason, news: undefined };
}
