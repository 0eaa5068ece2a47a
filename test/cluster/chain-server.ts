/**
 * An Ethereum endpoint over HTTP that knows one chain, and withholds its answers while it is told to: validations that
 * ask it stay under way for as long as a test needs them to.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { GrownHeader } from '../../src/chain/grow.ts';

export class ChainServer implements AsyncDisposable {
  readonly #blocks: ReadonlyMap<string, unknown>;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #held: Promise<void> | undefined;
  #release: () => void = () => undefined;

  private constructor(chain: readonly GrownHeader[]) {
    this.#blocks = new Map(chain.map(({ key, block }) => [key.hash, block]));
  }

  static async start(chain: readonly GrownHeader[]): Promise<ChainServer> {
    const server = new ChainServer(chain);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** From now on nobody gets an answer. */
  hold(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    this.#release = resolve;
  }

  /** Everybody gets one, those who wait as well. */
  release(): void {
    this.#held = undefined;
    this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked: unknown = JSON.parse(Buffer.concat(await request.toArray()).toString());
    await this.#held;
    const result = this.#blocks.get(blockHashIn(asked)) ?? null;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
  }
}

function blockHashIn(request: unknown): string {
  if (typeof request !== 'object' || request === null || !('params' in request)) return '';
  return Array.isArray(request.params) ? String(request.params[0]) : '';
}
