/** A process that resets a connection right after it has ended it, and has nothing more to do then. */

import { ProxiedWay } from './sockets.ts';
import { resetSocket } from '../../src/chaos/proxy/reset-socket.ts';

await using way = await ProxiedWay.open();
const dialler = await way.dial();
dialler.end();
resetSocket(dialler);
