/**
 * The client of the RPC server that `driftlock status` and `driftlock verify` are: one call, one answer.
 *
 * Invariant: nothing of the answer is believed before it was checked, and its size and the wait for it are bounded.
 */

import { z } from 'zod';
import { DriftlockError } from '../../crdt/errors.ts';
import { describeText, type BlockKey } from '../../crdt/ids.ts';
import { withDeadline, type Clock } from '../../net/clock.ts';
import type { ContractsFound } from '../contracts/contract-repair.ts';
import type { BlockFiles } from '../scrub/reread.ts';
import { hashParam } from './params.ts';
import { statusSchema, type StatusAnswer } from './status-schema.ts';

/** A node answers at once or hangs. */
export const CALL_TIMEOUT_MS = 5_000;
/** A status names every peer, about 400 bytes each: 10,000 peers. */
export const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

export type RpcClientCode =
  /** Nobody answers there, or not in time. */
  | 'ERR_RPC_UNREACHABLE'
  /** Somebody answers, and it is not JSON-RPC or not the answer to the method. */
  | 'ERR_RPC_BAD_ANSWER'
  /** The server answered with an error. */
  | 'ERR_RPC_REFUSED';

export class RpcClientError extends DriftlockError<RpcClientCode> {
  override readonly name = 'RpcClientError';
}

const responseSchema = z.union([
  z.object({ jsonrpc: z.literal('2.0'), error: z.object({ code: z.number(), message: z.string() }) }),
  z.object({ jsonrpc: z.literal('2.0'), result: z.unknown() }),
]);

const rereadSchema = z.object({
  blocks: z.array(
    z.object({
      block: z.int(),
      hash: hashParam,
      validate: z.enum(['good', 'unwritten', 'unknown']),
      witness: z.enum(['held', 'fetching', 'out-of-reach', 'unannounced', 'not-kept', 'over-budget', 'another']),
    }),
  ),
});

const contractsSchema = z.object({ removed: z.int(), missing: z.int() });

const alertsSchema = z.object({
  alerts: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      subject: z.string(),
      text: z.string(),
      raisedAtMs: z.number(),
      raisedBy: z.string(),
      acknowledgement: z.object({ by: z.string(), atMs: z.number(), note: z.string() }).nullable(),
    }),
  ),
});

export type AlertAnswer = z.infer<typeof alertsSchema>['alerts'][number];

/** The status of the node at `url`. Throws {@link RpcClientError} that names `url`. */
export async function fetchStatus(url: URL, clock: Clock): Promise<StatusAnswer> {
  const result = await call(url, clock, 'driftlock_status');
  const parsed = statusSchema.safeParse(result);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.') ?? '';
  throw badAnswer(url, 'the status of a driftlock node', `an answer whose "${field}" is another`, parsed.error);
}

/** The alerts in the cluster document of the node at `url`, the latest first. Throws {@link RpcClientError} that names `url`. */
export async function fetchAlerts(url: URL, clock: Clock): Promise<readonly AlertAnswer[]> {
  const parsed = alertsSchema.safeParse(await call(url, clock, 'driftlock_document', { notes: false }));
  if (!parsed.success) throw badAnswer(url, 'the cluster document', 'another answer', parsed.error);
  return parsed.data.alerts;
}

/** Has the node at `url` read the files of these blocks again. Throws {@link RpcClientError} that names `url`. */
export async function rereadBlocks(url: URL, clock: Clock, keys: readonly BlockKey[]): Promise<readonly BlockFiles[]> {
  const blocks = keys.map(({ number, hash }) => ({ block: number, hash }));
  const parsed = rereadSchema.safeParse(await call(url, clock, 'driftlock_reread', { blocks }));
  if (!parsed.success) throw badAnswer(url, 'what became of the files', 'another answer', parsed.error);
  return parsed.data.blocks.map(({ block: number, hash, ...files }) => ({ key: { number, hash }, ...files }));
}

/** Has the node at `url` read its `contracts.txt` again. Throws {@link RpcClientError} that names `url`. */
export async function rereadContracts(url: URL, clock: Clock): Promise<ContractsFound> {
  const parsed = contractsSchema.safeParse(await call(url, clock, 'driftlock_rereadContracts'));
  if (!parsed.success) throw badAnswer(url, 'what became of contracts.txt', 'another answer', parsed.error);
  return parsed.data;
}

async function call(url: URL, clock: Clock, method: string, params?: object): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const parsed = responseSchema.safeParse(parse(url, await post(url, clock, body)));
  if (!parsed.success) throw badAnswer(url, 'a JSON-RPC 2.0 response', 'other JSON');
  const response = parsed.data;
  if (!('error' in response)) return response.result;
  throw new RpcClientError('ERR_RPC_REFUSED', {
    argument: url.href,
    expected: `an answer to ${method}`,
    found: `error ${response.error.code}: ${describeText(response.error.message)}`,
  });
}

function parse(url: URL, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badAnswer(url, 'a JSON-RPC 2.0 response', describeText(text), cause);
  }
}

async function post(url: URL, clock: Clock, body: string): Promise<string> {
  try {
    return await withDeadline(clock, CALL_TIMEOUT_MS, new AbortController().signal, async (signal) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        // What answers a redirect is no node.
        redirect: 'manual',
        signal,
      });
      return await readText(url, response);
    });
  } catch (error) {
    if (error instanceof RpcClientError) throw error;
    throw new RpcClientError(
      'ERR_RPC_UNREACHABLE',
      { argument: url.href, expected: 'a running node that answers', found: whyUnreachable(error) },
      { cause: error },
    );
  }
}

async function readText(url: URL, response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_BYTES_MAX) {
      throw badAnswer(url, `an answer of at most ${ANSWER_BYTES_MAX} bytes`, 'a longer one');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** fetch wraps the failure of the system call as a cause, and that of several addresses in an `AggregateError`. */
function whyUnreachable(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer in ${CALL_TIMEOUT_MS} ms`;
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'a connection that failed';
}

function badAnswer(url: URL, expected: string, found: string, cause?: unknown): RpcClientError {
  return new RpcClientError('ERR_RPC_BAD_ANSWER', { argument: url.href, expected, found }, { cause });
}
