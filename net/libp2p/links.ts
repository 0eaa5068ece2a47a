/**
 * The connections that stand, by node.
 *
 * Invariant: a node is listed exactly while it has at least one connection. Two nodes that dial each other at the same
 * moment have two; either serves.
 */

import type { Connection } from '@libp2p/interface';
import type { NodeId } from '../../crdt/ids.ts';
import type { PeerLink } from '../network.ts';

export class Links {
  readonly #connections = new Map<NodeId, Connection[]>();

  /** Returns whether it is the node's first. */
  add(node: NodeId, connection: Connection): boolean {
    const known = this.#connections.get(node);
    if (known === undefined) this.#connections.set(node, [connection]);
    else known.push(connection);
    return known === undefined;
  }

  /** Returns whether it was the node's last. */
  remove(node: NodeId, connection: Connection): boolean {
    const known = this.#connections.get(node);
    if (known === undefined || !known.includes(connection)) return false;
    const rest = known.filter((other) => other !== connection);
    if (rest.length > 0) this.#connections.set(node, rest);
    else this.#connections.delete(node);
    return rest.length === 0;
  }

  /** The node's connections, oldest first. */
  of(node: NodeId): readonly Connection[] {
    return this.#connections.get(node) ?? [];
  }

  nodes(): NodeId[] {
    return [...this.#connections.keys()];
  }

  peers(): PeerLink[] {
    return [...this.#connections].map(([node, connections]) => ({ node, roundTripMs: connections.at(-1)?.rtt }));
  }
}
