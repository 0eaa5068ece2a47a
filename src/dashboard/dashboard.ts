/**
 * The dashboard of a node: the page, at GET / of its RPC server, and the live feed that the page shows.
 *
 * Invariant: it reads the node and changes nothing in it.
 */

import type { BlockKey } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import type { EvidenceContent } from '../evidence/evidence-record.ts';
import type { Pages } from '../rpc/pages.ts';
import type { Sockets } from '../rpc/sockets.ts';
import { LIVE_PATH } from './frames.ts';
import { LiveFeed } from './live-feed.ts';
import { liveSocket } from './live-socket.ts';
import { NodeSource, type NodeSourceOptions } from './node-source.ts';
import { readPageFiles } from './page-files.ts';

export interface DashboardOptions extends NodeSourceOptions {
  readonly clock: Clock;
}

export class Dashboard {
  readonly pages: Pages;
  readonly sockets: Sockets;
  readonly #feed: LiveFeed;

  private constructor(pages: Pages, feed: LiveFeed, clock: Clock) {
    this.pages = pages;
    this.#feed = feed;
    this.sockets = new Map([[LIVE_PATH, liveSocket(feed, clock)]]);
  }

  static async open(options: DashboardOptions): Promise<Dashboard> {
    const { build, pages } = await readPageFiles();
    const { clock } = options;
    const feed = new LiveFeed({ clock, build, source: new NodeSource(options) });
    feed.start();
    return new Dashboard(pages, feed, clock);
  }

  noteChange(key: BlockKey): void {
    this.#feed.noteChange(key.number);
  }

  noteEvidence(content: EvidenceContent, atMs: number): void {
    this.#feed.noteEvidence(content, atMs);
  }

  stop(): void {
    this.#feed.stop();
  }
}
