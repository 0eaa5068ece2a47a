/** Says that the node is not heard, how old what is shown is, and when it is tried again. */

import type { JSX } from 'preact';
import { duration } from '../../../duration.ts';
import type { PageState } from '../model/page-state.ts';
import { Mark } from './mark.tsx';

interface BannerProps {
  readonly state: PageState;
  readonly onRetry: () => void;
}

/** Its region stays in the page, so that screen readers hear what comes into it. */
export function Banner({ state, onRetry }: BannerProps): JSX.Element {
  const { link, heardAtMs, nowMs } = state;
  return (
    <div role="alert" class="banner-region">
      {link.state === 'lost' ? (
        <div class="banner">
          <Mark kind="alarm" />
          <div>
            <b>The connection to the node is lost.</b>{' '}
            <span aria-hidden="true">
              {heardAtMs === undefined
                ? 'Nothing was heard of it yet. '
                : `What is shown is ${duration(Math.max(0, nowMs - heardAtMs))} old. `}
              {link.retryAtMs > nowMs ? `Next try in ${duration(link.retryAtMs - nowMs)}.` : 'Trying…'}
            </span>
          </div>
          <button type="button" onClick={onRetry}>
            Try now
          </button>
        </div>
      ) : null}
    </div>
  );
}
