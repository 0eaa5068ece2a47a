/**
 * Yamux on a connection that may end at any moment. Yamux announces a new stream in a microtask of its own, and does so after
 * the connection has closed too when the stream is younger than 4 round trips: what the closed connection throws there ends
 * the process (js-libp2p issue 3415 is of the same kind).
 *
 * Invariant: a muxer never sees a connection refuse because it is closed or closing; it is told to wait for a drain that does
 * not come, and the connection's `close` event, which comes for certain, ends its streams.
 */

import type { MessageStream } from '@libp2p/interface';
import { yamux } from '@libp2p/yamux';

type YamuxFactory = ReturnType<typeof yamux>;
type YamuxInit = Parameters<typeof yamux>[0];

/** `onMuxed` is given each connection once its muxer listens to it. */
export function yamuxOverClosing(init: YamuxInit, onMuxed: (connection: MessageStream) => void): YamuxFactory {
  return () => {
    const factory = yamux(init)();
    const createStreamMuxer = factory.createStreamMuxer.bind(factory);
    factory.createStreamMuxer = (connection) => {
      const muxer = createStreamMuxer(waitingOnceClosed(connection));
      onMuxed(connection);
      return muxer;
    };
    return factory;
  };
}

function waitingOnceClosed(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection);
  connection.send = (data) => {
    try {
      return send(data);
    } catch (error) {
      // libp2p's own way to tell its errors apart; the connection below this one may be the one that is closed.
      if (error instanceof Error && error.name === 'StreamStateError') return false;
      throw error;
    }
  };
  return connection;
}
