/** Which node this is, whether what is shown is live, and the theme. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { duration } from '../../../duration.ts';
import type { Summary } from '../../frames.ts';
import type { DocumentLink } from '../document-link.ts';
import type { PageState } from '../model/page-state.ts';
import { SILENCE_SHOWN_MS } from '../model/connection.ts';
import { shortPeer, wholeDuration } from '../model/words.ts';
import { chooseTheme, currentTheme, THEMES } from '../theme.ts';
import { AccessControl } from './access.tsx';
import { Id } from './parts.tsx';

interface MastheadProps {
  readonly state: PageState;
  readonly link: DocumentLink;
}

export function Masthead({ state, link }: MastheadProps): JSX.Element {
  const summary = state.summary?.value;
  return (
    <div class="masthead" role="banner">
      <h1>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <rect x="0" y="0" width="7" height="7" rx="1.5" class="fill-success" />
          <rect x="9" y="0" width="7" height="7" rx="1.5" class="fill-success" />
          <rect x="0" y="9" width="7" height="7" rx="1.5" class="fill-success" />
          <rect x="9" y="9" width="7" height="7" rx="1.5" class="fill-processing" />
        </svg>
        driftlock
      </h1>
      {summary === undefined ? null : <Who summary={summary} />}
      <div class="end">
        <Freshness state={state} />
        <AccessControl document={state.document} link={link} />
        <ThemeChoice />
      </div>
    </div>
  );
}

function Who({ summary }: { readonly summary: Summary }): JSX.Element {
  const { cluster, peerId, region, version, uptimeMs } = summary;
  return (
    <div class="who">
      <span>
        cluster <b>{cluster}</b>
      </span>
      <span>
        node <Id text={peerId} short={shortPeer(peerId)} />
      </span>
      {region === '' ? null : (
        <span>
          region <b>{region}</b>
        </span>
      )}
      <span class="wide">
        {version}, up {wholeDuration(uptimeMs)}
      </span>
    </div>
  );
}

function Freshness({ state }: { readonly state: PageState }): JSX.Element {
  const { link, heardAtMs, nowMs } = state;
  const ageMs = heardAtMs === undefined ? undefined : nowMs - heardAtMs;
  if (link.state === 'lost') return <span class="pill alarm">not connected</span>;
  if (ageMs === undefined) return <span class="pill">connecting</span>;
  if (ageMs > SILENCE_SHOWN_MS) return <span class="pill warn">silent for {duration(ageMs)}</span>;
  return <span class="pill good">live</span>;
}

const THEME_WORDS = { system: 'Auto', light: 'Light', dark: 'Dark' } as const;

function ThemeChoice(): JSX.Element {
  const [theme, setTheme] = useState(currentTheme);
  return (
    <div class="choice" role="radiogroup" aria-label="Theme">
      {THEMES.map((name) => (
        <button
          key={name}
          type="button"
          role="radio"
          aria-checked={name === theme}
          onClick={() => {
            setTheme(name);
            chooseTheme(name);
          }}
        >
          {THEME_WORDS[name]}
        </button>
      ))}
    </div>
  );
}
