/**
 * The WebSocket that a page hears the live feed by. The page sends what it wants to see, and nothing else.
 *
 * Invariant: whatever a page sends, the worst is that its own socket closes.
 */

import type { WebSocket } from 'ws';
import type { Clock } from '../../net/clock.ts';
import { TokenBucket } from '../../net/rate/token-bucket.ts';
import type { SocketEndpoint } from '../rpc/sockets.ts';
import { WISH_BYTES_MAX, wishSchema, type Wish } from './frames.ts';
import type { LiveFeed } from './live-feed.ts';

/** A second: a hand that scrolls, throttled by the page to ten. */
export const WISHES_PER_SECOND_MAX = 20;

/** RFC 6455, section 7.4.1. */
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;

export function liveSocket(feed: LiveFeed, clock: Clock): SocketEndpoint {
  return { open: (socket) => hear(socket, feed, clock), close: () => feed.stop() };
}

function hear(socket: WebSocket, feed: LiveFeed, clock: Clock): void {
  const client = feed.open({
    bufferedBytes: () => socket.bufferedAmount,
    send: (text) => socket.send(text),
    close: () => socket.terminate(),
  });
  if (client === undefined) {
    socket.close(TRY_AGAIN_LATER, 'too many dashboards are open');
    return;
  }
  const wishes = new TokenBucket(WISHES_PER_SECOND_MAX, clock.monotonicMs());
  socket.on('close', () => client.leave());
  socket.on('message', (message: WebSocket.RawData, isBinary) => {
    const wish = isBinary ? undefined : parseWish(message);
    if (wish === undefined || wishes.take(1, clock.monotonicMs()) > 0) {
      socket.close(POLICY_VIOLATION, 'not what a dashboard sends');
      return;
    }
    client.wish(wish);
  });
}

function parseWish(message: WebSocket.RawData): Wish | undefined {
  if (!Buffer.isBuffer(message) || message.length > WISH_BYTES_MAX) return undefined;
  try {
    const parsed = wishSchema.safeParse(JSON.parse(message.toString()));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
