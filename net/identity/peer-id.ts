/**
 * The two spellings of a node: its id (the raw public key in hex) and its libp2p peer id, which people see and type
 * (libp2p peer id specification: base58 of the key's identity multihash, `12D3Koo…`).
 *
 * Invariant: the two map one to one. A peer id of another key type (RSA, secp256k1) is no node.
 */

import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PeerId } from '@libp2p/interface';
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id';
import { DriftlockError } from '../../crdt/errors.ts';
import { describeText, nodeFromBytes, nodeToBytes, type NodeId } from '../../crdt/ids.ts';

/** Twice the members of the largest cluster. */
const TEXTS_KEPT_MAX = 1_024;
/** A text takes 10 µs to make, and the same few nodes are named in every line of a log and of evidence. */
const texts = new Map<NodeId, string>();

/** `12D3Koo…`. */
export function peerIdText(node: NodeId): string {
  const known = texts.get(node);
  if (known !== undefined) return known;
  const text = peerIdOf(node).toString();
  if (texts.size >= TEXTS_KEPT_MAX) texts.clear();
  texts.set(node, text);
  return text;
}

export function peerIdOf(node: NodeId): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(nodeToBytes(node)));
}

/** The node behind a peer id, or undefined when its key is not Ed25519. */
export function nodeOfPeer(peer: PeerId): NodeId | undefined {
  return peer.type === 'Ed25519' ? nodeFromBytes(peer.publicKey.raw) : undefined;
}

/** Throws `ERR_BAD_PEER_ID` that names `argument` and quotes `text`. */
export function parsePeerId(text: string, argument: string): NodeId {
  let cause: unknown;
  try {
    const node = nodeOfPeer(peerIdFromString(text));
    if (node !== undefined) return node;
  } catch (error) {
    cause = error;
  }
  throw new DriftlockError(
    'ERR_BAD_PEER_ID',
    { argument, expected: 'an Ed25519 peer id (12D3Koo…)', found: describeText(text) },
    { cause },
  );
}
