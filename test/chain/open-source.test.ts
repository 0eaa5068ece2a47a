import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { openBlockSource } from '../../src/chain/open-source.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';
import { ManualClock } from './manual-clock.ts';

const parts = { disk: new NodeDisk(), clock: new ManualClock(), random: () => 0 };

describe('--api', () => {
  it('opens an endpoint for an http or https URL', () => {
    assert.equal(
      openBlockSource('http://localhost:8545', parts).describe(),
      'eth_getBlockByHash at http://localhost:8545',
    );
    const hosted = openBlockSource('HTTPS://rpc.example/v2/key', parts);
    assert.equal(hosted.describe(), 'eth_getBlockByHash at https://rpc.example');
  });

  it('opens a folder for anything that is no URL', () => {
    assert.equal(openBlockSource('/var/blocks', parts).describe(), 'the block files in /var/blocks');
    assert.equal(openBlockSource('blocks', parts).describe(), `the block files in ${resolve('blocks')}`);
  });

  it('refuses any other scheme, a URL without a host and nothing at all, and says what arrived', () => {
    for (const api of ['ws://localhost:8546', 'file:///var/blocks', 'http://', 'http://host:port', '']) {
      assert.throws(() => openBlockSource(api, parts), {
        code: 'ERR_BAD_API',
        argument: '--api',
        found: JSON.stringify(api),
      });
    }
  });
});
