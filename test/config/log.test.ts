import { deepEqual, equal } from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { forPeople, openLog, type LogStream } from '../../src/config/log.ts';

/** A stream, and what was written to it. */
function stream(isTTY: boolean): { readonly stream: LogStream; readonly text: () => string } {
  const through = new PassThrough();
  return { stream: Object.assign(through, { isTTY }), text: () => String(through.read() ?? '') };
}

const colourCodes = new RegExp(`${String.fromCodePoint(0x1b)}\\[[0-9;]*m`, 'g');

describe('the log', () => {
  it('is JSON, one object a line, where there is no terminal', () => {
    const { stream: out, text } = stream(false);
    openLog('info', out).warn({ block: 7 }, 'disputed');
    const { time, ...entry }: Record<string, unknown> = JSON.parse(text());
    deepEqual(entry, { level: 'warn', block: 7, msg: 'disputed' });
    equal(Number.isNaN(Date.parse(String(time))), false);
  });

  it('is a short line for people on a terminal', () => {
    const { stream: out, text } = stream(true);
    openLog('info', out).info({ block: 7 }, 'claimed');
    equal(/^\d\d:\d\d:\d\d info {2}claimed block=7\n$/.test(text().replaceAll(colourCodes, '')), true);
  });

  it('shows text as it is, an error by its message and anything else as JSON', () => {
    const line = JSON.stringify({
      level: 'error',
      time: '2026-11-21T12:34:56.789Z',
      file: 'a.v',
      err: { message: 'torn', stack: 'at' },
      roots: [1, 2],
      msg: 'file-quarantined',
    });
    equal(forPeople(`${line}\n`), '12:34:56 error file-quarantined file=a.v err=torn roots=[1,2]');
  });

  it('holds nothing below its level', () => {
    const { stream: out, text } = stream(false);
    openLog('error', out).warn('x');
    equal(text(), '');
  });
});
