/** A page without a browser, in a process of its own: reads the live feed at `argv[2]`, and follows the newest heights. */

import { WebSocket } from 'ws';
import { frameSchema } from '../../../src/dashboard/frames.ts';
import { FIRST_WINDOW_HEIGHTS } from '../../../src/dashboard/client-view.ts';

const socket = new WebSocket(process.argv[2] ?? '');
let end = 0;

socket.on('message', (message: Buffer) => {
  const { summary } = frameSchema.parse(JSON.parse(message.toString()));
  const highest = summary?.overview?.highest;
  if (highest === undefined || highest < end - FIRST_WINDOW_HEIGHTS / 2) return;
  end = highest + FIRST_WINDOW_HEIGHTS;
  socket.send(
    JSON.stringify({
      from: Math.max(0, end - 2 * FIRST_WINDOW_HEIGHTS),
      heights: 2 * FIRST_WINDOW_HEIGHTS,
      open: null,
    }),
  );
});
process.on('disconnect', () => process.exit());
