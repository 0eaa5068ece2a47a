/**
 * What one page was told, and what it is to be told next.
 *
 * Invariant: pure of effects; after the frames of any number of steps the page holds the codes that the source had at the last
 * of them. However often a height changes between two steps, it is told once; what is remembered in between is at most one
 * entry a height of the window, so a page that is slow to read costs no more than one that is quick.
 */

import { isProcessing, readCell } from './cell.ts';
import type { FeedSource } from './feed-source.ts';
import type { Frame, Overview, Sample, Summary, Wish } from './frames.ts';
import { NOTHING_SEEN, type EvidenceSeen, type RecentEvidence } from './recent-evidence.ts';
import type { RecentList } from './recent-list.ts';

/** The newest heights, until the page says what it shows. */
export const FIRST_WINDOW_HEIGHTS = 2_048;

/** Of the node, at one step; the same for all pages. */
export interface FeedMoment {
  readonly build: string;
  readonly sentAtMs: number;
  readonly source: FeedSource;
  readonly summary: Summary;
  /** Whether `summary` was made for this step. */
  readonly isSummaryNew: boolean;
  readonly evidence: RecentEvidence;
  readonly samples: RecentList<Sample>;
}

export class ClientView {
  #wish: Wish | undefined;
  /** As they were sent; undefined: none were. */
  #codes: Uint8Array | undefined;
  #from = 0;
  /** Other heights are wanted than were sent. */
  #isMoved = false;
  readonly #changed = new Set<number>();
  /** Sent as processing: time can end that without a word. */
  readonly #processing = new Set<number>();
  #isFirst = true;
  #isHeightStale = false;
  #evidenceSeen: EvidenceSeen = NOTHING_SEEN;
  #samplesSeen = 0;

  /** The page shows other heights, or has opened or closed one. */
  wish(wish: Wish): void {
    const { from, heights, open } = wish;
    if (open !== null && open !== this.#wish?.open) this.#isHeightStale = true;
    this.#isMoved = from !== this.#from || heights !== this.#codes?.length;
    this.#wish = wish;
  }

  /** A block at `number` changed. */
  note(number: number): void {
    if (number === this.#wish?.open) this.#isHeightStale = true;
    if (this.#codes !== undefined && number >= this.#from && number < this.#from + this.#codes.length) {
      this.#changed.add(number);
    }
  }

  /** The next frame; undefined when there is nothing to tell. */
  step(moment: FeedMoment): Frame | undefined {
    const { build, sentAtMs, summary, isSummaryNew } = moment;
    const parts = {
      ...(isSummaryNew || this.#isFirst ? { summary } : {}),
      ...this.#heightPart(moment),
      ...this.#cellsPart(moment),
      ...this.#evidencePart(moment),
      ...this.#samplesPart(moment),
    };
    this.#isFirst = false;
    return Object.keys(parts).length === 0 ? undefined : { build, sentAtMs, ...parts };
  }

  #cellsPart({ source, summary, isSummaryNew }: FeedMoment): Pick<Frame, 'window' | 'cells'> {
    if (!source.isReady()) {
      this.#codes = undefined;
      return {};
    }
    if (isSummaryNew) for (const number of this.#processing) this.#changed.add(number);
    if (this.#codes === undefined || this.#isMoved) return this.#windowPart(source, summary.overview);
    const cells: number[] = [];
    for (const number of this.#changed) {
      const code = source.cell(number);
      if (code === this.#codes[number - this.#from]) continue;
      this.#codes[number - this.#from] = code;
      this.#follow(number, code);
      cells.push(number, code);
    }
    this.#changed.clear();
    return cells.length === 0 ? {} : { cells };
  }

  #windowPart(source: FeedSource, overview: Overview | null): Pick<Frame, 'window'> {
    const wanted = this.#wish ?? newest(overview);
    if (wanted === undefined) return {};
    const { from, heights } = wanted;
    const codes = new Uint8Array(heights);
    this.#processing.clear();
    for (let at = 0; at < heights; at++) {
      const number = from + at;
      // Most of a window that moved was sent before.
      const known = this.#changed.has(number) ? undefined : this.#codes?.[number - this.#from];
      const code = known ?? source.cell(number);
      codes[at] = code;
      this.#follow(number, code);
    }
    this.#from = from;
    this.#codes = codes;
    this.#isMoved = false;
    this.#changed.clear();
    return { window: { from, codes: Buffer.from(codes).toString('base64') } };
  }

  #follow(number: number, code: number): void {
    if (isProcessing(code)) this.#processing.add(number);
    else this.#processing.delete(number);
  }

  #heightPart({ source, evidence, isSummaryNew }: FeedMoment): Pick<Frame, 'height'> {
    const open = this.#wish?.open ?? null;
    if (open === null || !source.isReady()) return {};
    const isUnfinished = (): boolean => readCell(source.cell(open)).status !== 'success';
    if (!this.#isHeightStale && !(isSummaryNew && isUnfinished())) return {};
    this.#isHeightStale = false;
    return { height: { ...source.height(open), evidence: evidence.about(open) } };
  }

  #evidencePart({ evidence }: FeedMoment): Pick<Frame, 'evidence'> {
    const news = evidence.since(this.#evidenceSeen);
    this.#evidenceSeen = evidence.seen;
    return news.length === 0 ? {} : { evidence: news };
  }

  #samplesPart({ samples }: FeedMoment): Pick<Frame, 'samples'> {
    const news = samples.since(this.#samplesSeen);
    this.#samplesSeen = samples.count;
    return news.length === 0 ? {} : { samples: news };
  }
}

/** Undefined while there is no block. */
function newest(overview: Overview | null): Pick<Wish, 'from' | 'heights'> | undefined {
  if (overview === null) return undefined;
  const from = Math.max(overview.lowest, overview.highest - FIRST_WINDOW_HEIGHTS + 1);
  return { from, heights: overview.highest - from + 1 };
}
