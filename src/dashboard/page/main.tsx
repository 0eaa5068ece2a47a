/** Starts the page: one state, one connection, one tree of views. */

import { render } from 'preact';
import { browserClock, openSocket, randomInteger, remember, remembered } from './browser.ts';
import { DocumentLink } from './document-link.ts';
import { LiveConnection } from './live-connection.ts';
import { INITIAL_STATE, reduce, type Action, type PageState } from './model/page-state.ts';
import { applyTheme } from './theme.ts';
import { rememberedAccess } from './view/access.tsx';
import { App } from './view/app.tsx';

/** Which page it has loaded itself anew for: once, so that two nodes behind one name do not keep it loading. */
const RELOADED_FOR = 'driftlock.reloaded-for';

const root = document.querySelector('#page');
if (root === null) throw new Error('the page has an element for the views');

let state: PageState = INITIAL_STATE;
let isDrawing = false;

const draw = (): void => {
  isDrawing = false;
  render(<App state={state} connection={connection} link={link} />, root);
};

function dispatch(action: Action): void {
  const before = state;
  state = reduce(state, action);
  if (state === before || isDrawing) return;
  // Once a frame of the screen, however much arrives; a page that nobody sees draws nothing.
  isDrawing = true;
  requestAnimationFrame(draw);
}

const connection = new LiveConnection({
  clock: browserClock,
  random: randomInteger,
  openSocket,
  dispatch,
  build: document.documentElement.dataset['build'] ?? '',
  onOtherBuild: (build) => {
    if (remembered(RELOADED_FOR) === build) return;
    remember(RELOADED_FOR, build);
    location.reload();
  },
});

const link = new DocumentLink({
  clock: browserClock,
  random: randomInteger,
  openSocket,
  onChange: (document) => dispatch({ type: 'document', document }),
});

/** `#block/1024` opens that height, so that what somebody looks at can be sent to somebody else. */
function followAddress(): void {
  const digits = /^#block\/(?<number>[0-9]{1,15})$/.exec(location.hash)?.groups?.['number'];
  dispatch({ type: 'open-height', number: digits === undefined ? null : Number(digits) });
}

applyTheme();
addEventListener('hashchange', followAddress);
followAddress();
draw();
connection.start();
link.start(rememberedAccess());
