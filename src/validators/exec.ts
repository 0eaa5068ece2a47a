/**
 * The validator `exec:COMMAND`: a program of the operator's judges the block.
 *
 * It is given block number, block hash, epoch and witness path, as arguments in this order and as
 * `DRIFTLOCK_BLOCK_NUMBER`, `DRIFTLOCK_BLOCK_HASH`, `DRIFTLOCK_EPOCH`, `DRIFTLOCK_WITNESS_PATH`. It answers with its exit
 * status and the last line of its standard output, `{"stateRoot":"0x…"}`:
 *
 *   0, with the line               success
 *   1, with or without the line    the block is wrong
 *   anything else                  no verdict; it is tried again later
 *
 * It gets SIGTERM when the lease is lost, SIGKILL after a grace period, and leaves no processes behind (`program.ts`).
 */

import { z } from 'zod';
import { describeText, isHash32, type Hash32 } from '../../crdt/ids.ts';
import { abortReason, type Clock } from '../../net/clock.ts';
import { runProgram, type ProgramEnd } from './program.ts';
import { stoppedOutcome, type ValidationOutcome, type ValidationTask, type Validator } from './validator.ts';

export class ExecValidator implements Validator {
  readonly name = 'exec';
  readonly description: string;
  readonly executes = true;
  readonly #command: string;
  readonly #clock: Clock;

  /** `command` is shell text, such as `./validate.sh --fast`. */
  constructor(command: string, clock: Clock) {
    this.description = `runs ${describeText(command)} for each block and believes its verdict`;
    this.#command = command;
    this.#clock = clock;
  }

  async validate({ key, epoch, witness }: ValidationTask, signal: AbortSignal): Promise<ValidationOutcome> {
    if (signal.aborted) return stoppedOutcome(abortReason(signal));
    const program = {
      command: this.#command,
      args: [`${key.number}`, key.hash, `${epoch}`, witness.path],
      env: {
        DRIFTLOCK_BLOCK_NUMBER: `${key.number}`,
        DRIFTLOCK_BLOCK_HASH: key.hash,
        DRIFTLOCK_EPOCH: `${epoch}`,
        DRIFTLOCK_WITNESS_PATH: witness.path,
      },
    };
    const end = await runProgram(program, this.#clock, signal);
    return signal.aborted ? stoppedOutcome(abortReason(signal)) : programOutcome(end);
  }
}

/** What a program's end says of the block. */
export function programOutcome({ fate, stdout, stderr }: ProgramEnd): ValidationOutcome {
  if (fate.kind === 'not-started') return { kind: 'error', reason: `not started: ${fate.reason}` };
  if (fate.kind === 'killed') return { kind: 'error', reason: withStderr(`killed by ${fate.signal}`, stderr) };
  const lastLine = stdout.trimEnd().split('\n').at(-1) ?? '';
  const stateRoot = readStateRoot(lastLine);
  if (fate.status === 1) return { kind: 'failed', stateRoot, reason: withStderr('exit status 1', stderr) };
  if (fate.status !== 0) {
    return { kind: 'error', reason: withStderr(`expected exit status 0 or 1, found ${fate.status}`, stderr) };
  }
  if (stateRoot !== undefined) return { kind: 'success', stateRoot };
  const fault = `last line of stdout: expected {"stateRoot":"0x…"}, found ${describeText(lastLine)}`;
  return { kind: 'error', reason: withStderr(fault, stderr) };
}

const lastLineSchema = z.object({
  stateRoot: z
    .string()
    .toLowerCase()
    .pipe(z.custom<Hash32>((text) => typeof text === 'string' && isHash32(text))),
});

function readStateRoot(line: string): Hash32 | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return lastLineSchema.safeParse(value).data?.stateRoot;
}

function withStderr(reason: string, stderr: string): string {
  const said = stderr.trim();
  return said === '' ? reason : `${reason}; stderr ends with ${JSON.stringify(said)}`;
}
