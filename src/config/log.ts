/**
 * The log of a node: pino, to standard error. JSON, one object a line, for machines; on a terminal one short line for people.
 *
 * Invariant: standard output stays free for answers.
 */

import { styleText } from 'node:util';
import { pino, type Logger } from 'pino';
import { isJsonObject, type JsonObject } from '../files/json.ts';
import type { LogLevel } from './settings.ts';

/** Where lines go: `process.stderr`, most often. */
export type LogStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

export function openLog(level: LogLevel, stream: LogStream = process.stderr): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } };
  if (stream.isTTY !== true) return pino(options, stream);
  return pino(options, { write: (line: string) => void stream.write(`${forPeople(line, stream)}\n`) });
}

function levelName(label: string): { readonly level: string } {
  return { level: label };
}

type Style = Parameters<typeof styleText>[0];

const LEVEL_STYLES: ReadonlyMap<unknown, Style> = new Map<unknown, Style>([
  ['warn', 'yellow'],
  ['error', 'red'],
  ['fatal', 'red'],
]);

/** `12:00:00 info  message key=value`, in UTC. */
export function forPeople(line: string, stream?: NodeJS.WritableStream): string {
  const entry: unknown = JSON.parse(line);
  if (!isJsonObject(entry)) return line.trimEnd();
  const { time, level, msg, ...fields }: JsonObject = entry;
  const clock = String(time).slice('2026-01-01T'.length, -'.000Z'.length);
  const name = styled(LEVEL_STYLES.get(level) ?? 'dim', String(level).padEnd(5), stream);
  const rest = Object.entries(fields).map(([key, value]) => `${styled('dim', `${key}=`, stream)}${plain(value)}`);
  return [clock, name, ...(msg === undefined ? [] : [plain(msg)]), ...rest].join(' ');
}

function plain(value: unknown): string {
  if (isJsonObject(value) && typeof value['message'] === 'string') return value['message'];
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function styled(style: Style, text: string, stream: NodeJS.WritableStream | undefined): string {
  return stream === undefined ? text : styleText(style, text, { stream });
}
