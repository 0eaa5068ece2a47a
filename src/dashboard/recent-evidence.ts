/**
 * The end of a node's evidence, in memory, for the pages that are open and those that come later.
 *
 * Invariant: as on disk, a flood of records of blocks pushes out no dispute and no change of mode. A record is put into words
 * when a page is told of it, not when it is made: most never are.
 */

import { describeEvidence } from '../evidence/describe-evidence.ts';
import type { EvidenceContent } from '../evidence/evidence-record.ts';
import { EVIDENCE_STREAMS, streamOf, type EvidenceStream } from '../evidence/limits.ts';
import { EVIDENCE_KEPT_MAX, type EvidenceLine } from './frames.ts';
import { RecentList } from './recent-list.ts';

/** Of each stream, in one step: more is read by nobody, and one frame stays small while a node catches up. */
export const EVIDENCE_A_STEP_MAX = 16;

interface Noted {
  readonly content: EvidenceContent;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** How many of each stream a page was told of. */
export type EvidenceSeen = Readonly<Record<EvidenceStream, number>>;

export const NOTHING_SEEN: EvidenceSeen = { cluster: 0, blocks: 0 };

export class RecentEvidence {
  readonly #streams: Readonly<Record<EvidenceStream, RecentList<Noted>>> = {
    cluster: new RecentList(EVIDENCE_KEPT_MAX / EVIDENCE_STREAMS.length),
    blocks: new RecentList(EVIDENCE_KEPT_MAX / EVIDENCE_STREAMS.length),
  };

  note(content: EvidenceContent, atMs: number): void {
    this.#streams[streamOf(content.type)].add({ content, atMs });
  }

  get seen(): EvidenceSeen {
    return { cluster: this.#streams.cluster.count, blocks: this.#streams.blocks.count };
  }

  /** What a page was not told yet, oldest first; of much the newest, and all that is kept for a page that was told nothing. */
  since(seen: EvidenceSeen): EvidenceLine[] {
    const limit = seen === NOTHING_SEEN ? EVIDENCE_KEPT_MAX : EVIDENCE_A_STEP_MAX;
    return inOrder(EVIDENCE_STREAMS.flatMap((stream) => this.#streams[stream].since(seen[stream], limit)));
  }

  /** What is kept about blocks at one height. */
  about(number: number): EvidenceLine[] {
    const block = `${number}.`;
    const kept = EVIDENCE_STREAMS.flatMap((stream) => this.#streams[stream].all());
    return inOrder(kept.filter(({ content }) => blockIn(content)?.startsWith(block) === true));
  }
}

function inOrder(noted: readonly Noted[]): EvidenceLine[] {
  return noted
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ content, atMs }) => ({
      atMs,
      type: content.type,
      block: blockIn(content),
      text: describeEvidence(content),
    }));
}

function blockIn(content: EvidenceContent): string | null {
  return 'block' in content ? content.block : null;
}
