/** What this page shows, for who sees it for the first time. It goes away when told to, and stays away. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Summary } from '../../frames.ts';
import { remember, remembered } from '../browser.ts';

const NAME = 'driftlock.intro';

export function Intro({ summary }: { readonly summary: Summary }): JSX.Element | null {
  const [isShown, setShown] = useState(remembered(NAME) !== 'read');
  if (!isShown) return null;
  const others = summary.peersTotal;
  return (
    <section class="intro" aria-labelledby="intro-title">
      <h2 id="intro-title">What you see</h2>
      <ul>
        <li>
          This node keeps <code>{summary.datadir}</code> the same as the directories of{' '}
          {others === 0 ? 'its peers, once it has some' : `${others} other ${others === 1 ? 'member' : 'members'}`}.
          Each square below is a block. It turns from an empty outline to half filled when a validator claims it, and
          solid when its result is in, on all nodes.
        </li>
        <li>
          Everything is shown as <b>this</b> node sees it. What it cannot reach lies outside the dashed line on the map.
        </li>
        <li>
          To try: kill another node (<code>kill -9</code>) and watch its leases run out here and go to others; bring it
          back and watch its records become the same again. Click a square to see who signed what.
        </li>
      </ul>
      <button
        type="button"
        onClick={() => {
          remember(NAME, 'read');
          setShown(false);
        }}
      >
        Got it
      </button>
    </section>
  );
}
