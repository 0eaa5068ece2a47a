/**
 * The token of who may write in the cluster document, and where it comes from: a flag, the environment, a configuration file, or a
 * file of its own, as tools that take secrets do. A flag shows in the list of processes; a file does not.
 *
 * Invariant: no error and no log shows it, also when it cannot be used.
 */

import { isFailure } from '../../crdt/errors.ts';
import type { Disk } from '../disk/disk.ts';
import { ConfigError } from './config-error.ts';
import { parseSettings } from './read-settings.ts';
import type { SettingName, Settings } from './settings.ts';

/** In the environment: above what the configuration file says, below flags. */
export const TOKEN_VARIABLE = 'DRIFTLOCK_DASHBOARD_TOKEN';

export type TokenSource =
  | { readonly text: string }
  /** `named`: the flag, or the file and the key, that gave the path. */
  | { readonly file: string; readonly named: string };

/** A token and a newline, or two with a carriage return. */
const TOKEN_FILE_BYTES_MAX = 1024;

type TokenSettings = Pick<Settings, 'dashboardToken' | 'dashboardTokenFile'>;

/** `settings`: of a configuration file. What the environment says replaces what they say of the token. */
export function withTokenOf(environment: NodeJS.ProcessEnv, settings: Settings): Settings {
  const text = environment[TOKEN_VARIABLE];
  if (text === undefined || text === '') return settings;
  const { dashboardTokenFile: _replaced, ...others } = settings;
  return { ...others, ...parseSettings({ dashboardToken: text }, () => TOKEN_VARIABLE) };
}

/** Flags, when they say anything of the token, say all of it. Throws `ERR_BAD_SETTING` for a token and a file of one. */
export function tokenSource(
  flags: TokenSettings,
  file: TokenSettings,
  nameOf: (setting: SettingName) => string,
): TokenSource | undefined {
  const isInFlags = flags.dashboardToken !== undefined || flags.dashboardTokenFile !== undefined;
  const { dashboardToken: text, dashboardTokenFile } = isInFlags ? flags : file;
  const named = nameOf('dashboardTokenFile');
  if (dashboardTokenFile === undefined) return text === undefined ? undefined : { text };
  if (text === undefined) return { file: dashboardTokenFile, named };
  const expected = `none beside ${nameOf('dashboardToken')}`;
  throw new ConfigError('ERR_BAD_SETTING', { argument: named, expected, found: JSON.stringify(dashboardTokenFile) });
}

/** Throws a `ConfigError` that names the setting and the file. */
export async function readToken(disk: Pick<Disk, 'read'>, source: TokenSource): Promise<string> {
  if ('text' in source) return source.text;
  const argument = `${source.named} ${source.file}`;
  try {
    const content = await disk.read(source.file, TOKEN_FILE_BYTES_MAX);
    if (content === undefined) {
      throw new ConfigError('ERR_BAD_SETTING', { argument, expected: 'a file with a token', found: 'no file' });
    }
    const text = new TextDecoder().decode(content.bytes).trim();
    return parseSettings({ dashboardToken: text }, () => argument).dashboardToken ?? '';
  } catch (error) {
    if (error instanceof ConfigError || !isFailure(error)) throw error;
    const expected = 'a file with a token';
    throw new ConfigError('ERR_BAD_SETTING', { argument, expected, found: error.found }, { cause: error });
  }
}
