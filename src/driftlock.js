#!/usr/bin/env node
/**
 * Starts the command line. Plain JavaScript that an old Node can read, so that it can say what is missing.
 *
 * A checkout runs its TypeScript; an installed package runs what was built from it, since Node runs no `.ts` below
 * `node_modules`.
 */

import process from 'node:process';

const NODE_MAJOR_MIN = 24;

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  const needs = `needs Node ${NODE_MAJOR_MIN} or newer, found ${process.version}`;
  const remedy = 'in a checkout "npm ci" brings it, and "npm run driftlock -- ..." uses it';
  process.stderr.write(`driftlock: ${needs}; ${remedy}\n`);
  process.exitCode = 1;
} else {
  const isInstalled = import.meta.url.includes('/node_modules/');
  const entry = isInstalled ? '../dist/src/cli/main.js' : './cli/main.ts';
  const { main } = await import(entry);
  process.exitCode = await main(process.argv.slice(2));
}
