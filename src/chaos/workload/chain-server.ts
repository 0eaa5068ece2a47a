/**
 * The Ethereum endpoint that validators of a run ask, and what makes a validation last: each answer takes as long as was
 * drawn for its block.
 *
 * Invariant: it holds the headers of the last `HEADERS_MAX` blocks; whoever asks for an older one hears that there is none.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { pause } from '../../../net/clock.ts';
import type { BlockJson, GrownHeader } from '../../chain/grow.ts';
import { systemClock } from '../../node/machine.ts';

/** About 2 kB each. */
export const HEADERS_MAX = 50_000;
/** A request for one header has some 150 bytes. */
export const REQUEST_BYTES_MAX = 4_096;

const requestSchema = z.object({ id: z.unknown(), params: z.tuple([z.string()], z.unknown()) });

export class ChainServer {
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #headers = new Map<string, BlockJson>();
  readonly #validationMs: (hash: string) => number;
  readonly #closing = new AbortController();

  constructor(validationMs: (hash: string) => number) {
    this.#validationMs = validationMs;
  }

  /** Listens on `host`, at a port that the system chooses, and resolves to its URL. */
  async listen(host: string): Promise<string> {
    this.#server.listen(0, host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return `http://${host}:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  add({ key, block }: GrownHeader): void {
    this.#headers.set(key.hash, block);
    if (this.#headers.size <= HEADERS_MAX) return;
    const oldest = this.#headers.keys().next();
    if (oldest.done !== true) this.#headers.delete(oldest.value);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch {
      // The validator was stopped, or the run is over: there is nobody to answer.
      response.destroy();
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = requestSchema.parse(JSON.parse((await readBody(request)).toString('utf8')));
    const hash = asked.params[0];
    await pause(systemClock, this.#validationMs(hash), this.#closing.signal);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: this.#headers.get(hash) ?? null }));
  }
}

/** Drawn from the hash itself: the same whoever asks, and however often. */
export function validationTimeOf(hash: string, [least, most]: readonly [number, number]): number {
  return least + (Number.parseInt(hash.slice(-4), 16) / 0x1_00_00) * (most - least);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    sizeBytes += chunk.length;
    if (sizeBytes > REQUEST_BYTES_MAX) throw new RangeError('a longer request than any for a header');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
