/** A canary in the network: what gossip missed is never repaired. */

import type { Network } from '../../../net/network.ts';
import { RECONCILE_PROTOCOL } from '../../../net/reconcile/limits.ts';
import { unreachable } from '../../../net/transport-error.ts';
import { SOUND_PARTS, type Canary } from './canary.ts';

export const NO_RECONCILE: Canary = {
  name: 'no-reconcile',
  what: 'nodes never reconcile: they know what gossip brought them',
  parts: { ...SOUND_PARTS, network: withoutReconcile },
};

function withoutReconcile(network: Network): Network {
  return {
    self: network.self,
    start: () => network.start(),
    stop: () => network.stop(),
    publish: (topic, bytes) => network.publish(topic, bytes),
    subscribe: (topic, handler) => network.subscribe(topic, handler),
    serve: (protocol, handler) => network.serve(protocol, handler),
    open: (peer, protocol, signal) =>
      protocol === RECONCILE_PROTOCOL
        ? Promise.reject(unreachable(peer, protocol, 'a node that does not reconcile'))
        : network.open(peer, protocol, signal),
    peers: () => network.peers(),
    onPeersChanged: (listener) => network.onPeersChanged(listener),
  };
}
