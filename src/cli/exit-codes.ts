/**
 * How the program ends, and what of a failure decides it.
 *
 * Invariant: 2 says that the command line or the configuration has to be changed; with 1 the same command may succeed later.
 */

import { CommanderError } from 'commander';
import { DriftlockError, isFailure } from '../../crdt/errors.ts';
import { ConfigError } from '../config/config-error.ts';

export const EXIT_OK = 0;
/** What was asked for did not hold: a file is bad, nobody answers, a port is in use. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** How a command that did not throw says how it ended. */
export type SetExitCode = (code: number) => void;

/** A flag whose value cannot be used. `argument` is the flag. */
export class UsageError extends DriftlockError<'ERR_USAGE'> {
  override readonly name = 'UsageError';

  constructor(argument: string, expected: string, found: string) {
    super('ERR_USAGE', { argument, expected, found });
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
  if (error instanceof UsageError || error instanceof ConfigError) return EXIT_USAGE;
  // Raised where a value is parsed, each naming the flag or the key of the configuration file.
  const isBadValue = isFailure(
    error,
    'ERR_BAD_API',
    'ERR_BAD_HOST_PORT',
    'ERR_BAD_MULTIADDR',
    'ERR_BAD_PEER_ID',
    'ERR_BAD_VALIDATOR',
    'ERR_LOCK_TIME',
    'ERR_BAD_SCENARIO',
    'ERR_UNKNOWN_SCENARIO',
  );
  return isBadValue ? EXIT_USAGE : EXIT_FAILED;
}

export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  what was asked for did not hold: a file is bad, nobody answers, a port is in use
  2  the command line or the configuration file is wrong`;
