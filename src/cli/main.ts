/**
 * The command line: runs one command and says how it ended.
 *
 * Invariant: a failure is one line on standard error, `driftlock: …`, that names the flag or the file and what was found. A
 * stack is for those who set DRIFTLOCK_DEBUG.
 */

import { CommanderError } from 'commander';
import { isFailure, textOf } from '../../crdt/errors.ts';
import { errnoOf } from '../disk/errno.ts';
import { EXIT_OK, exitCodeOf } from './exit-codes.ts';
import { makeProgram } from './program.ts';
import { printError, printLine, type Terminal } from './terminal.ts';

/** Runs `args` (without the program's own name) and resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const terminal: Terminal = { stdout: process.stdout, stderr: process.stderr };
  // A reader such as `head` that has seen enough is no failure, and there is nobody left to tell.
  process.stdout.on('error', (error) => {
    if (errnoOf(error) !== 'EPIPE') throw error;
    process.exit(EXIT_OK);
  });
  // A node whose log nobody reads any more goes on.
  process.stderr.on('error', (error) => {
    if (errnoOf(error) !== 'EPIPE') throw error;
  });
  let exitCode: number = EXIT_OK;
  const program = makeProgram(terminal, (code) => (exitCode = code));
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return exitCodeOf(error);
    report(terminal, error);
    // A start that failed half way can leave a socket or a timer behind; having said why it ends, the program ends.
    await Promise.all([flushed(terminal.stdout), flushed(terminal.stderr)]);
    process.exit(exitCodeOf(error));
  }
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

function report(terminal: Terminal, error: unknown): void {
  const message = textOf(error);
  printError(terminal, isFailure(error) ? message : `internal error: ${message}`);
  const isDebugging = (process.env['DRIFTLOCK_DEBUG'] ?? '') !== '';
  if (isDebugging && error instanceof Error) printLine(terminal.stderr, error.stack ?? '');
}
