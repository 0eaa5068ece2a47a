/** A process that takes the lock of the datadir in its first argument, says how that went, and waits to be killed. */

import { isFailure } from '../../crdt/errors.ts';
import { datadirLayout } from '../../src/datadir/layout.ts';
import { lockDatadir } from '../../src/datadir/lock.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';

try {
  await lockDatadir({ disk: new NodeDisk(), layout: datadirLayout(process.argv[2] ?? ''), processId: process.pid });
  process.stdout.write('locked\n');
} catch (error) {
  process.stdout.write(`${isFailure(error) ? error.code : String(error)}\n`);
}
process.stdin.resume();
