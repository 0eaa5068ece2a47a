/** Settings that cannot be used. Raised before anything is opened; `argument` names the flag, or the file and the key. */

import { DriftlockError } from '../../crdt/errors.ts';

export type ConfigCode =
  /** Of another type or out of range. */
  | 'ERR_BAD_SETTING'
  /** A key that no setting has. */
  | 'ERR_UNKNOWN_SETTING'
  | 'ERR_MISSING_SETTING'
  /** The configuration file is absent, or no JSON object. */
  | 'ERR_BAD_CONFIG_FILE';

export class ConfigError extends DriftlockError<ConfigCode> {
  override readonly name = 'ConfigError';
}
