import { deepEqual, equal, throws } from 'node:assert/strict';
import { isFailure } from '../../crdt/errors.ts';
import { formatHostPort, hostOfHeader, isLoopbackHost, parseHostPort } from '../../src/rpc/host-port.ts';

describe('HOST:PORT', () => {
  it('is read and written the same', () => {
    for (const text of ['127.0.0.1:8645', 'localhost:0', '[::1]:65535', 'node-1.example.org:1']) {
      equal(formatHostPort(parseHostPort(text, '--rpc')), text);
    }
    deepEqual(parseHostPort('[::1]:80', '--rpc'), { host: '::1', port: 80 });
  });

  it('is refused with its flag when it is anything else', () => {
    for (const text of [
      '',
      '8645',
      ':8645',
      'host',
      'host:',
      'host:65536',
      'host:-1',
      '::1:80',
      '[x]:1',
      '[1.2]:1',
      'a b:1',
      'http://host:1',
    ]) {
      throws(
        () => parseHostPort(text, '--rpc'),
        (error: unknown) => isFailure(error, 'ERR_BAD_HOST_PORT') && error.argument === '--rpc',
        text,
      );
    }
  });

  it('of a Host header may leave the port out', () => {
    deepEqual(['localhost', 'localhost:80', '[::1]', '[::1]:80', 'a b', ''].map(hostOfHeader), [
      'localhost',
      'localhost',
      '::1',
      '::1',
      undefined,
      undefined,
    ]);
  });

  it('is loopback when it can only mean this machine', () => {
    for (const host of ['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LocalHost'])
      equal(isLoopbackHost(host), true, host);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', '127.1', 'localhost.', 'example.org']) {
      equal(isLoopbackHost(host), false, host);
    }
  });
});
