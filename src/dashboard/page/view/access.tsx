/** Who is looking, and the way to be somebody who may write. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { remember, remembered } from '../browser.ts';
import type { Access, DocumentLink } from '../document-link.ts';
import type { DocumentState } from '../model/document-state.ts';
import { textIn } from './parts.tsx';

const NAME = 'driftlock.name';
const TOKEN = 'driftlock.token';

/** Of an earlier visit: the name for good, the token for as long as the tab is open. */
export function rememberedAccess(): Access | undefined {
  const [name, token] = [remembered(NAME), remembered(TOKEN, 'session')];
  return name === null || token === null ? undefined : { name, token };
}

interface AccessProps {
  readonly document: DocumentState;
  readonly link: DocumentLink;
}

export function AccessControl({ document, link }: AccessProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const { mayWrite, ownName, people, isConnected } = document;
  const isRefused = isConnected && !mayWrite && ownName !== '';
  const leave = (): void => {
    remember(TOKEN, null, 'session');
    link.enter(undefined);
  };
  return (
    <div class="access">
      {people.length === 0 ? null : (
        <span class="people" title={people.map(({ name }) => name).join(', ')}>
          also here: {people.map(({ name }) => name).join(', ')}
        </span>
      )}
      {mayWrite ? (
        <span>
          writing as <b>{ownName}</b>{' '}
          <button type="button" class="quiet" onClick={leave}>
            stop
          </button>
        </span>
      ) : (
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Write…
        </button>
      )}
      {isOpen && !mayWrite ? (
        <form
          class="popover"
          onSubmit={(event) => {
            event.preventDefault();
            const data = new FormData(event.currentTarget);
            const access = { name: textIn(data, 'name'), token: textIn(data, 'token') };
            if (access.name === '' || access.token === '') return;
            remember(NAME, access.name);
            remember(TOKEN, access.token, 'session');
            link.enter(access);
          }}
        >
          <label>
            Your name
            <input name="name" required maxLength={64} autocomplete="nickname" defaultValue={remembered(NAME) ?? ''} />
          </label>
          <label>
            Write token
            <input name="token" type="password" required autocomplete="off" />
          </label>
          <p class="soft">
            {isRefused
              ? 'This node does not take that token.'
              : 'Notes, incidents, labels and acknowledgements are shared by all nodes. Who has the token of --dashboard-token may write.'}
          </p>
          <button type="submit">Enter</button>
        </form>
      ) : null}
    </div>
  );
}
