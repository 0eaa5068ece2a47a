/** A member by name: this node, as people labelled it, or the end of its peer id. */

import { createContext, type JSX } from 'preact';
import { useContext } from 'preact/hooks';
import type { MemberView } from '../../../document/shape.ts';
import { shortPeer } from '../model/words.ts';
import { Id } from './parts.tsx';

/** What people call members and where they say they stand, by peer id. */
export const Labels = createContext<ReadonlyMap<string, MemberView>>(new Map());

export function useLabel(peerId: string): string | undefined {
  const label = useContext(Labels).get(peerId)?.label;
  return label === '' ? undefined : label;
}

/** Where a member stands: as people say, else as its heartbeats do. */
export function useRegion(): (peerId: string, heard: string | null) => string {
  const labels = useContext(Labels);
  return (peerId, heard) => {
    const said = labels.get(peerId)?.region ?? '';
    return said === '' ? (heard ?? '') : said;
  };
}

export function Member({ peerId, ownId }: { readonly peerId: string; readonly ownId: string }): JSX.Element {
  const label = useLabel(peerId);
  if (peerId === ownId) {
    return (
      <span class="own" title={peerId}>
        this node
      </span>
    );
  }
  if (label !== undefined) return <span title={peerId}>{label}</span>;
  return <Id text={peerId} short={shortPeer(peerId)} />;
}
