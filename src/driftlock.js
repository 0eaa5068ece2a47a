#!/usr/bin/env node
/**
 * Starts the command line. Plain JavaScript that an old Node can read, so that it can say what is missing.
 *
 * A checkout runs its TypeScript; an installed package runs what was built from it, since Node runs no `.ts` below
 * `node_modules`.
 */

import process from 'node:process';

const NODE_MAJOR_MIN = 24;

/**
 * A node takes and gives witnesses as short-lived buffers. V8 frees them when the young generation is collected, and by default
 * that may wait for 32 MB of them: 80 MB over idle in a transfer of 200 MB, where this flag gives 30. It has to be there when V8
 * starts, so a node replaces its own process once; pid, arguments and standard streams stay.
 */
const YOUNG_GENERATION_FLAG = '--max-semi-space-size=2';

const isRun = process.argv[2] === 'run';
const hasChosen = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((text) => text.includes('semi-space'));
// An IPC channel to a parent would not survive it; Windows has no such call.
const mayReplace = process.channel === undefined && process.platform !== 'win32' && process.execve !== undefined;

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  const needs = `needs Node ${NODE_MAJOR_MIN} or newer, found ${process.version}`;
  const remedy = 'in a checkout "npm ci" brings it, and "npm run driftlock -- ..." uses it';
  process.stderr.write(`driftlock: ${needs}; ${remedy}\n`);
  process.exitCode = 1;
} else if (isRun && !hasChosen && mayReplace) {
  const args = [...process.execArgv, ...process.argv.slice(1)];
  process.execve(process.execPath, [process.execPath, YOUNG_GENERATION_FLAG, ...args], process.env);
} else {
  const isInstalled = import.meta.url.includes('/node_modules/');
  const entry = isInstalled ? '../dist/src/cli/main.js' : './cli/main.ts';
  const { main } = await import(entry);
  process.exitCode = await main(process.argv.slice(2));
}
