/**
 * The member list as libp2p's connection gater: connections from and to anyone else end before any protocol is spoken.
 *
 * Invariant: no hook that knows the peer's id lets a stranger pass. Outbound, the first is `denyDialPeer` (no socket is
 * opened); inbound, it is `denyInboundEncryptedConnection` (noise has proved the key, nothing else was exchanged).
 */

import type { ConnectionGater, PeerId } from '@libp2p/interface';
import { nodeOfPeer } from '../identity/peer-id.ts';
import type { MemberList } from '../membership/member-list.ts';

export function memberGater(members: MemberList): ConnectionGater {
  const denied = (peer: PeerId): boolean => !members.decideConnection(nodeOfPeer(peer)).allowed;
  return {
    denyDialPeer: denied,
    denyOutboundConnection: denied,
    denyInboundEncryptedConnection: denied,
    denyOutboundEncryptedConnection: denied,
    // The other way round than its neighbours: true stores the address. Strangers' addresses (from mDNS) stay out.
    filterMultiaddrForPeer: (peer) => nodeOfPeer(peer) === members.self || !denied(peer),
  };
}
