/**
 * Headers from an Ethereum node: `eth_getBlockByHash` over HTTP.
 *
 * An endpoint is another machine, often behind a proxy that answers for several. What it sends is bounded in time and
 * bytes, and a block other than the one asked for is the endpoint's fault, to be asked again: never a fact about the
 * block. Only what a second try can change is tried again: no connection, no answer in time, HTTP 429 and 5xx.
 *
 * JSON-RPC 2.0; EIP-1474.
 */

import { z } from 'zod';
import { isFailure } from '../../crdt/errors.ts';
import { blockId, describeText, type BlockKey } from '../../crdt/ids.ts';
import { abortReason, pause, type Clock, type RandomInteger } from '../../net/clock.ts';
import { BLOCK_JSON_BYTES_MAX, BlockSourceError, parseBlockJson, type BlockSource } from './block-source.ts';
import { hashHeader, parseHeader, type Header } from './header.ts';
import { retryDelayMs } from './retry-delay.ts';

/** For one try: from the request to the last byte of the answer. */
export const RPC_TIMEOUT_MS = 10_000;
export const RPC_TRIES_MAX = 4;

const responseSchema = z.union([
  z.object({ error: z.object({ code: z.number(), message: z.string() }) }),
  z.object({ result: z.unknown().refine((result) => result !== undefined) }),
]);

export class JsonRpcSource implements BlockSource {
  readonly #url: string;
  readonly #origin: string;
  readonly #headers: Record<string, string>;
  readonly #clock: Clock;
  readonly #random: RandomInteger;

  /** `url`: http or https. A user and password in it are sent as basic authentication. */
  constructor(url: URL, clock: Clock, random: RandomInteger) {
    this.#origin = url.origin;
    this.#headers = { 'content-type': 'application/json', ...authorization(url) };
    this.#url = withoutCredentials(url);
    this.#clock = clock;
    this.#random = random;
  }

  /** The host alone: the path or the query may be an API key. */
  describe(): string {
    return `eth_getBlockByHash at ${this.#origin}`;
  }

  async header(key: BlockKey, signal: AbortSignal): Promise<Header | undefined> {
    const block = await this.#call([key.hash, false], signal);
    if (block === null) return undefined;
    const header = parseHeader(block, this.describe());
    const found = { number: header.number, hash: hashHeader(header) };
    if (found.hash !== key.hash) {
      throw this.#error('ERR_WRONG_BLOCK', `block ${blockId(key)}`, `a header that hashes to ${blockId(found)}`);
    }
    return header;
  }

  async #call(params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const request = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBlockByHash', params });
    for (let tries = 1; ; tries++) {
      try {
        return this.#result(await this.#exchange(request, signal));
      } catch (error) {
        if (tries === RPC_TRIES_MAX || !isFailure(error, 'ERR_UNREACHABLE', 'ERR_TIMEOUT', 'ERR_HTTP_UNAVAILABLE')) {
          throw error;
        }
      }
      await pause(this.#clock, retryDelayMs(tries, this.#random), signal);
    }
  }

  /** One request and the whole body of its answer. */
  async #exchange(request: string, signal: AbortSignal): Promise<Uint8Array> {
    const timeout = new AbortController();
    const cancelTimeout = this.#clock.schedule(RPC_TIMEOUT_MS, () => timeout.abort());
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: this.#headers,
        body: request,
        redirect: 'manual',
        signal: AbortSignal.any([signal, timeout.signal]),
      });
      return await this.#body(response);
    } catch (error) {
      if (isFailure(error)) throw error;
      if (signal.aborted) throw abortReason(signal);
      if (timeout.signal.aborted)
        throw this.#error('ERR_TIMEOUT', `an answer within ${RPC_TIMEOUT_MS} ms`, 'none', error);
      throw this.#error('ERR_UNREACHABLE', 'a connection', connectionFault(error), error);
    } finally {
      cancelTimeout();
    }
  }

  async #body(response: Response): Promise<Uint8Array> {
    if (!response.ok) {
      await response.body?.cancel();
      const unavailable = response.status === 429 || response.status >= 500;
      const code = unavailable ? 'ERR_HTTP_UNAVAILABLE' : 'ERR_HTTP_REFUSED';
      throw this.#error(code, 'HTTP status 200', `${response.status}`);
    }
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    // Leaving the loop by an exception cancels the stream, and with it the connection.
    for await (const chunk of response.body ?? []) {
      sizeBytes += chunk.length;
      if (sizeBytes > BLOCK_JSON_BYTES_MAX) {
        throw this.#error(
          'ERR_OVER_LIMIT',
          `an answer of at most ${BLOCK_JSON_BYTES_MAX} bytes`,
          `${sizeBytes} or more`,
        );
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, sizeBytes);
  }

  #result(body: Uint8Array): unknown {
    const parsed = responseSchema.safeParse(parseBlockJson(body, this.describe()));
    if (!parsed.success) throw this.#error('ERR_BAD_ANSWER', 'a JSON-RPC response', 'other JSON', parsed.error);
    if ('result' in parsed.data) return parsed.data.result;
    const { code, message } = parsed.data.error;
    throw this.#error('ERR_JSON_RPC', 'a result', `error ${code}, ${describeText(message)}`);
  }

  #error(code: BlockSourceError['code'], expected: string, found: string, cause?: unknown): BlockSourceError {
    return new BlockSourceError(code, { argument: this.describe(), expected, found }, { cause });
  }
}

/** What the system said: fetch itself only says that it failed, and hangs the reason on as the cause. */
function connectionFault(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : 'none';
}

/** Basic authentication (RFC 7617); fetch refuses a URL with credentials in it. */
function authorization(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function withoutCredentials(url: URL): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}
