/** A sign that can be told from the others without its colour. */

import type { JSX } from 'preact';

export type MarkKind = 'good' | 'warning' | 'alarm';

const PATHS: Readonly<Record<MarkKind, string>> = {
  good: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm3 4.6L7 9.6 5 7.7 3.9 8.8 7 11.8l5.1-5.1Z',
  warning: 'M8 1.2 15.4 14.4H.6Zm-.8 4.6.3 4.6h1l.3-4.6Zm.8 5.5a.9.9 0 1 0 0 1.8.9.9 0 0 0 0-1.8Z',
  alarm: 'M5 .8h6l4.2 4.2v6L11 15.2H5L.8 11V5Zm2.1 3 .3 5.4h1.2l.3-5.4ZM8 10.2a1 1 0 1 0 0 2 1 1 0 0 0 0-2Z',
};

export function Mark({ kind }: { readonly kind: MarkKind }): JSX.Element {
  return (
    <svg class={`sign ${kind}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[kind]} fill-rule="evenodd" />
    </svg>
  );
}
