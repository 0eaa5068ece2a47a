/**
 * Who belongs to the cluster, and so whom we connect to and whom we let in.
 *
 * Invariant: nobody is a member who was not named. Membership is ourselves, the peer ids given as members, and the peer
 * ids inside the addresses we were told to dial. With no list at all that leaves just the latter: an empty list means
 * "nobody else", never "everybody".
 */

import { compareText, type NodeId } from '../../crdt/ids.ts';
import { parsePeerId } from '../identity/peer-id.ts';

export interface ConnectionDecision {
  readonly allowed: boolean;
  readonly reason:
    /** Named as a member, or in an address to dial. */
    | 'member'
    /** Not named anywhere. */
    | 'not a member'
    /** Holds our own key: a copied data directory. Two nodes under one name would lie about each other. */
    | 'our own key'
    /** Its key is not Ed25519, so it is no node. */
    | 'not an Ed25519 key';
}

export class MemberList {
  readonly self: NodeId;
  readonly #members: ReadonlySet<NodeId>;

  constructor(self: NodeId, named: Iterable<NodeId>) {
    this.self = self;
    this.#members = new Set([self, ...named]);
  }

  /** All members, ourselves included, in id order. */
  nodes(): NodeId[] {
    return [...this.#members].sort(compareText);
  }

  has(node: NodeId): boolean {
    return this.#members.has(node);
  }

  /** Whether a connection with `peer` may stand, whoever opened it. `undefined` is a peer whose key is no node's. */
  decideConnection(peer: NodeId | undefined): ConnectionDecision {
    if (peer === undefined) return { allowed: false, reason: 'not an Ed25519 key' };
    if (peer === this.self) return { allowed: false, reason: 'our own key' };
    return this.#members.has(peer) ? { allowed: true, reason: 'member' } : { allowed: false, reason: 'not a member' };
  }
}

/** Peer ids as an operator gives them. Throws `ERR_BAD_PEER_ID` that names `argument` and the text that is none. */
export function parseMembers(texts: readonly string[], argument = '--member'): NodeId[] {
  return texts.map((text) => parsePeerId(text.trim(), argument));
}
