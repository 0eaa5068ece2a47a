/** A process that runs `exec:COMMAND` (its first argument), and ends by itself when its standard input ends. */

import { ExecValidator } from '../../src/validators/exec.ts';
import { ManualClock } from '../chain/manual-clock.ts';

const hash = `0x${'00'.repeat(32)}` as const;
const witness = { path: '/w', parentHash: hash, preStateRoot: hash };

process.stdin.resume().once('end', () => process.exit(0));
const validator = new ExecValidator(process.argv[2] ?? '', new ManualClock());
await validator.validate({ key: { number: 1, hash }, epoch: 1, witness }, new AbortController().signal);
