/**
 * From a JSON value, or from what the command line parsed, to checked settings.
 *
 * Invariant: the first thing that is wrong is an error that names it and what was found; nothing is passed over.
 */

import type { z } from 'zod';
import { isFailure } from '../../crdt/errors.ts';
import { describeText } from '../../crdt/ids.ts';
import type { Disk } from '../disk/disk.ts';
import { describeJson, isJsonObject, parseJson } from '../files/json.ts';
import { ConfigError } from './config-error.ts';
import { FLAGS, SECRETS, settingsSchema, type ParsedSettings, type SettingName, type Settings } from './settings.ts';

/** 512 peers of 120 characters each are 60 kB. */
export const CONFIG_FILE_BYTES_MAX = 1024 * 1024;

/** How an error names a setting: `--peer`, or `cluster.json: peers`. */
export type NameSetting = (setting: string) => string;

export const nameFlag: NameSetting = (setting) =>
  Object.entries(FLAGS).find(([name]) => name === setting)?.[1] ?? setting;

export function nameInFile(path: string): NameSetting {
  return (setting) => `${path}: ${setting}`;
}

/** Throws `ERR_BAD_CONFIG_FILE` that names `path` and `--config`, `ERR_UNKNOWN_SETTING`, `ERR_BAD_SETTING`. */
export async function readConfigFile(disk: Pick<Disk, 'read'>, path: string): Promise<Settings> {
  return parseSettings(await readJson(disk, path), nameInFile(path));
}

/** `value` as settings. Throws `ERR_UNKNOWN_SETTING` or `ERR_BAD_SETTING`, with the argument that `nameOf` gives. */
export function parseSettings(value: unknown, nameOf: NameSetting): Settings {
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return withoutUndefined(parsed.data);
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const expected = `one of ${Object.keys(settingsSchema.shape).join(', ')}`;
    const found = describeText(issue.keys[0] ?? '');
    throw new ConfigError('ERR_UNKNOWN_SETTING', { argument: nameOf('setting'), expected, found });
  }
  const path = issue?.path ?? [];
  const place = path.map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? '' : `.${String(part)}`));
  throw new ConfigError('ERR_BAD_SETTING', {
    argument: nameOf(String(path[0] ?? 'settings')) + place.join(''),
    expected: expectation(issue),
    found: SECRETS.includes(String(path[0])) ? 'something else' : describeJson(valueAt(value, path)),
  });
}

async function readJson(disk: Pick<Disk, 'read'>, path: string): Promise<unknown> {
  const argument = `--config ${path}`;
  const expected = 'a file with one JSON object';
  try {
    const content = await disk.read(path, CONFIG_FILE_BYTES_MAX);
    if (content === undefined) throw new ConfigError('ERR_BAD_CONFIG_FILE', { argument, expected, found: 'no file' });
    const value = parseJson(content.bytes, path);
    if (isJsonObject(value)) return value;
    throw new ConfigError('ERR_BAD_CONFIG_FILE', { argument, expected, found: describeJson(value) });
  } catch (error) {
    if (error instanceof ConfigError || !isFailure(error)) throw error;
    // Not quoted: there may be a token in it.
    const found = isFailure(error, 'ERR_NOT_JSON') ? 'something that is no JSON' : error.found;
    throw new ConfigError('ERR_BAD_CONFIG_FILE', { argument, expected, found }, { cause: error });
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, part) => {
    if (Array.isArray(at)) return at[Number(part)] as unknown;
    return isJsonObject(at) ? at[String(part)] : undefined;
  }, value);
}

/** What a schema issue says was expected, in words that follow "expected". */
function expectation(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case 'invalid_type':
      return `${/^[aio]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected === 'int' ? 'integer' : issue.expected}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    default:
      return issue?.message ?? 'a setting';
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' entries' : '';
}

/** The name under which `setting` was given: as a flag when it was one, else in the file. */
export function namedWhereGiven(setting: SettingName, flags: Settings, file: NameSetting): string {
  return flags[setting] === undefined ? file(setting) : nameFlag(setting);
}

function withoutUndefined(parsed: ParsedSettings): Settings {
  return Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== undefined));
}
