/**
 * TCP that says why it could not listen. libp2p folds the errors of all listeners into one text; the code of each (such
 * as EADDRINUSE) is caught here, where it still is one.
 */

import type { Listener } from '@libp2p/interface';
import { tcp, type TCPComponents } from '@libp2p/tcp';
import { DriftlockError } from '../../crdt/errors.ts';

type TcpFactory = ReturnType<typeof tcp>;

export interface ListenFailure {
  readonly address: string;
  readonly error: unknown;
}

/** The TCP transport; failures to listen are added to `failures`. */
export function tcpReporting(failures: ListenFailure[]): TcpFactory {
  return (components: TCPComponents) => {
    const transport = tcp()(components);
    const createListener = transport.createListener.bind(transport);
    transport.createListener = (options) => reporting(createListener(options), failures);
    return transport;
  };
}

function reporting(listener: Listener, failures: ListenFailure[]): Listener {
  const listen = listener.listen.bind(listener);
  listener.listen = async (address) => {
    try {
      await listen(address);
    } catch (error) {
      failures.push({ address: address.toString(), error });
      throw error;
    }
  };
  return listener;
}

/** The failure as an expected one: `ERR_ADDRESS_IN_USE`, or `ERR_CANNOT_LISTEN` for any other reason the system gave. */
export function listenError({ address, error }: ListenFailure, argument = '--listen'): DriftlockError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error without a code';
  if (code === 'EADDRINUSE') {
    const expected = `${address} to be free`;
    return new DriftlockError(
      'ERR_ADDRESS_IN_USE',
      { argument, expected, found: 'another process that listens there' },
      { cause: error },
    );
  }
  const expected = `${address} to be an address of this machine`;
  return new DriftlockError('ERR_CANNOT_LISTEN', { argument, expected, found: code }, { cause: error });
}
