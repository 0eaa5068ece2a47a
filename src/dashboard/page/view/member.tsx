/** A member by name: this node, or the end of its peer id. */

import type { JSX } from 'preact';
import { shortPeer } from '../model/words.ts';
import { Id } from './parts.tsx';

export function Member({ peerId, ownId }: { readonly peerId: string; readonly ownId: string }): JSX.Element {
  if (peerId === ownId) {
    return (
      <span class="own" title={peerId}>
        this node
      </span>
    );
  }
  return <Id text={peerId} short={shortPeer(peerId)} />;
}
