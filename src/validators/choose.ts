/** Turns what an operator wrote after `--validator` into a choice. */

import { DriftlockError } from '../../crdt/errors.ts';
import { describeText } from '../../crdt/ids.ts';

export type ValidatorChoice =
  | { readonly kind: 'linkage' }
  /** `command` is shell text: a program and its arguments. */
  | { readonly kind: 'exec'; readonly command: string }
  /** Sidecar only: the node claims nothing and leaves validation to the programs that share its directory. */
  | { readonly kind: 'none' };

const EXEC_PREFIX = 'exec:';

/** Reads `linkage`, `exec:COMMAND` or `none`. Throws `ERR_BAD_VALIDATOR` that names `argument`. */
export function parseValidatorChoice(text: string, argument = '--validator'): ValidatorChoice {
  if (text === 'linkage' || text === 'none') return { kind: text };
  if (text.startsWith(EXEC_PREFIX)) {
    const command = text.slice(EXEC_PREFIX.length).trim();
    if (command !== '') return { kind: 'exec', command };
  }
  throw new DriftlockError('ERR_BAD_VALIDATOR', {
    argument,
    expected: 'linkage, exec:COMMAND or none',
    found: describeText(text),
  });
}
