/** Turns what an operator wrote after `--api` into a block source. */

import { resolve } from 'node:path';
import { describeText } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import type { Disk } from '../disk/disk.ts';
import { BlockSourceError, type BlockSource } from './block-source.ts';
import { CachedSource } from './cached-source.ts';
import { FolderSource } from './folder-source.ts';
import { JsonRpcSource } from './json-rpc-source.ts';

export interface SourceParts {
  readonly disk: Pick<Disk, 'read'>;
  readonly clock: Clock;
  readonly random: RandomInteger;
}

const SCHEME_PATTERN = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * `api`: the URL of a JSON-RPC endpoint (`http://`, `https://`), or a folder of block files, relative to the working
 * directory. Nothing is asked of it yet. Throws `ERR_BAD_API` that names `--api`.
 */
export function openBlockSource(api: string, parts: SourceParts): BlockSource {
  if (api === '') throw badApi(api);
  if (!SCHEME_PATTERN.test(api)) return new CachedSource(new FolderSource(parts.disk, resolve(api)));
  const url = URL.parse(api);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw badApi(api);
  return new CachedSource(new JsonRpcSource(url, parts.clock, parts.random));
}

function badApi(api: string): BlockSourceError {
  return new BlockSourceError('ERR_BAD_API', {
    argument: '--api',
    expected: 'an http:// or https:// URL, or a folder of {number}.{hash}.json files',
    found: describeText(api),
  });
}
