/**
 * Where a validator gets block headers from.
 *
 * A source is not believed: whoever asks recomputes the hash of what it answers.
 */

import { DriftlockError } from '../../crdt/errors.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Header } from './header.ts';

export interface BlockSource {
  /**
   * The header that the source keeps for `key`, or undefined when it does not know the block (yet). Throws
   * `BlockSourceError`, `HeaderError` or `DiskError` when the source cannot be asked or does not answer with a block,
   * and the signal's reason when it is aborted.
   */
  header(key: BlockKey, signal: AbortSignal): Promise<Header | undefined>;
  /** What the source is, for logs and reasons: no secrets. */
  describe(): string;
}

/** The largest block taken as JSON. A block of 10,000 transactions is 0.7 MB with their hashes, about 10 MB with them whole. */
export const BLOCK_JSON_BYTES_MAX = 16 * 1024 * 1024;

export type BlockSourceCode =
  | 'ERR_BAD_API'
  /** No connection, or it broke. */
  | 'ERR_UNREACHABLE'
  | 'ERR_TIMEOUT'
  /** HTTP 429 or 5xx: another try may get an answer. */
  | 'ERR_HTTP_UNAVAILABLE'
  /** Any other HTTP status but 2xx. */
  | 'ERR_HTTP_REFUSED'
  /** A JSON-RPC error object. */
  | 'ERR_JSON_RPC'
  | 'ERR_OVER_LIMIT'
  /** Not JSON, or not a JSON-RPC response. */
  | 'ERR_BAD_ANSWER'
  /** A block, but not the one that was asked for. */
  | 'ERR_WRONG_BLOCK';

export class BlockSourceError extends DriftlockError<BlockSourceCode> {
  override readonly name = 'BlockSourceError';
}

/** `bytes` as JSON. Throws `ERR_BAD_ANSWER` that names `origin`. */
export function parseBlockJson(bytes: Uint8Array, origin: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new BlockSourceError(
      'ERR_BAD_ANSWER',
      { argument: origin, expected: 'JSON in UTF-8', found: `${bytes.length} bytes that are not` },
      { cause: error },
    );
  }
}
