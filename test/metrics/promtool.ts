/** Prometheus' own checker (Debian: `prometheus`), where the machine has it. */

import { spawn } from 'node:child_process';

export interface Checked {
  readonly code: number | null;
  readonly output: string;
}

/** Undefined where there is no promtool. */
export async function promtool(args: readonly string[], input = ''): Promise<Checked | undefined> {
  const child = spawn('promtool', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const { promise, resolve } = Promise.withResolvers<number | null | undefined>();
  // No such program.
  child.on('error', () => resolve(undefined)).on('close', resolve);
  child.stdin.on('error', () => undefined).end(input);
  const [out, err] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  const code = await promise;
  return code === undefined ? undefined : { code, output: Buffer.concat([...out, ...err]).toString() };
}

export function skipWithoutPromtool(context: Mocha.Context): void {
  process.stderr.write('skipped: there is no promtool on this machine (Debian: apt install prometheus)\n');
  context.skip();
}
