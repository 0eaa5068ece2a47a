/**
 * All that the page shows, and how it changes.
 *
 * Invariant: `reduce` is pure, and what did not change is the same object as before, so that a view can tell. Data that has
 * arrived stays shown when the connection is lost, with its age.
 */

import { EVIDENCE_KEPT_MAX, SAMPLES_MAX } from '../../frames.ts';
import type { EvidenceLine, Frame, HeightDetail, Sample, Summary } from '../../frames.ts';
import { EMPTY_DOCUMENT, type DocumentState } from './document-state.ts';
import { applyFrame, EMPTY_WINDOW, type WindowCodes } from './window-codes.ts';

/** A value with when it arrived, on the page's monotonic clock. */
export interface Arrived<T> {
  readonly value: T;
  readonly atMs: number;
}

export type Link =
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  /** `retryAtMs`: when it tries again. */
  | { readonly state: 'lost'; readonly sinceMs: number; readonly retryAtMs: number };

export interface PageState {
  readonly link: Link;
  /** When the last frame arrived; undefined: none has. */
  readonly heardAtMs: number | undefined;
  readonly summary: Arrived<Summary> | undefined;
  readonly window: WindowCodes;
  /** The height that is open, and what the node says of it once it does. */
  readonly openHeight: number | null;
  readonly height: Arrived<HeightDetail> | undefined;
  readonly evidence: readonly EvidenceLine[];
  readonly samples: readonly Sample[];
  readonly document: DocumentState;
  /** Now. It moves a few times a second: leases run out between frames. */
  readonly nowMs: number;
}

export const INITIAL_STATE: PageState = {
  link: { state: 'connecting' },
  heardAtMs: undefined,
  summary: undefined,
  window: EMPTY_WINDOW,
  openHeight: null,
  height: undefined,
  evidence: [],
  samples: [],
  document: EMPTY_DOCUMENT,
  nowMs: 0,
};

export type Action =
  | { readonly type: 'connecting' }
  | { readonly type: 'connected'; readonly atMs: number }
  | { readonly type: 'lost'; readonly atMs: number; readonly retryAtMs: number }
  | { readonly type: 'frame'; readonly frame: Frame; readonly atMs: number }
  | { readonly type: 'tick'; readonly atMs: number }
  | { readonly type: 'document'; readonly document: DocumentState }
  /** Null: closed. */
  | { readonly type: 'open-height'; readonly number: number | null };

export function reduce(state: PageState, action: Action): PageState {
  switch (action.type) {
    case 'connecting':
      return state.link.state === 'open' ? { ...state, link: { state: 'connecting' } } : state;
    case 'connected':
      // The first frame of a connection brings all samples and evidence anew.
      return { ...state, link: { state: 'open' }, samples: [], evidence: [], nowMs: action.atMs };
    case 'lost': {
      const sinceMs = state.link.state === 'lost' ? state.link.sinceMs : action.atMs;
      return { ...state, link: { state: 'lost', sinceMs, retryAtMs: action.retryAtMs }, nowMs: action.atMs };
    }
    case 'frame':
      return heard(state, action.frame, action.atMs);
    case 'tick':
      return { ...state, nowMs: action.atMs };
    case 'document':
      return { ...state, document: action.document };
    case 'open-height': {
      if (action.number === state.openHeight) return state;
      return { ...state, openHeight: action.number, height: undefined };
    }
  }
}

function heard(state: PageState, frame: Frame, atMs: number): PageState {
  const { summary, height, evidence, samples } = frame;
  const isOpen = height !== undefined && height.number === state.openHeight;
  return {
    ...state,
    heardAtMs: atMs,
    nowMs: atMs,
    summary: summary === undefined ? state.summary : { value: summary, atMs },
    window: applyFrame(state.window, frame),
    height: isOpen ? { value: height, atMs } : state.height,
    evidence: evidence === undefined ? state.evidence : [...state.evidence, ...evidence].slice(-EVIDENCE_KEPT_MAX),
    samples: samples === undefined ? state.samples : [...state.samples, ...samples].slice(-SAMPLES_MAX),
  };
}

/** What was told as `remainingMs` when `arrived` came is this much now. */
export function remainingNow(remainingMs: number, arrivedAtMs: number, nowMs: number): number {
  return Math.max(0, remainingMs - (nowMs - arrivedAtMs));
}
