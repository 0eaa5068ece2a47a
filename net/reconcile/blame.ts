/** What reconciliation holds against a peer that breaks the protocol. */

import { PeerMisbehaved } from '../framing/peer-misbehaved.ts';

export function blame(argument: string, expected: string, found: string): PeerMisbehaved {
  return new PeerMisbehaved({ argument: `reconcile ${argument}`, expected, found });
}
