/** A process that says how far its clock is from the machine's, whenever it is asked. */

import { systemClock } from '../../src/node/machine.ts';

process.on('message', (message) => {
  if (message === 'read') process.send?.(systemClock.wallMs() - Date.now());
});
