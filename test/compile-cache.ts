/**
 * Loaded before every test: the programs that tests start, and those that these start, find their modules compiled. It halves the
 * 0.7 s of processor time that each of some hundred starts takes.
 *
 * Not for production: whoever can write to the cache can have a node run anything, so it lies within the checkout.
 */

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('../node_modules/.cache/compile/', import.meta.url));
enableCompileCache(directory);
process.env['NODE_COMPILE_CACHE'] ??= directory;
