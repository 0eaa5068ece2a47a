import { WITNESS_LIMITS } from '../../src/witness/limits.ts';
import { deepEqual, equal, rejects, throws } from 'node:assert/strict';
import { resolve } from 'node:path';
import { DriftlockError } from '../../crdt/errors.ts';
import { identityFromSeed } from '../../net/identity/identity.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { exposures, nodeConfig, type NodeConfig } from '../../src/config/node-config.ts';
import {
  CONFIG_FILE_BYTES_MAX,
  nameFlag,
  nameInFile,
  parseSettings,
  readConfigFile,
} from '../../src/config/read-settings.ts';
import { LIST_ENTRIES_MAX, type Settings } from '../../src/config/settings.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';
import { KEEP_ALL } from '../../src/node/housekeeping-settings.ts';
import { temporaryFolder } from '../cli/cli.ts';
import { put } from '../cli/datadir.ts';

const PARALLELISM = 3;
const member = identityFromSeed(new Uint8Array(32).fill(5)).node;
const memberText = peerIdText(member);
const peer = `/ip4/192.0.2.1/tcp/4001/p2p/${memberText}`;

const peersOf = (length: number): Settings => ({ peers: Array.from({ length }, () => peer) });

const configOf = (flags: Settings, file: Settings = {}): NodeConfig =>
  nodeConfig({ flags, file, nameInFile: nameInFile('node.json') }, PARALLELISM);

/** Asserts that `make` throws an error with this very message. */
/** With a lock of 300 ms, given by flag. */
function shortLock(skewBoundMs: number): NodeConfig {
  return configOf({ datadir: 'x', lockTimeSeconds: 0.3 }, { deliveryMarginMs: 100, skewBoundMs });
}

function refuses(make: () => unknown, message: string): void {
  throws(make, (error: unknown) => {
    equal(error instanceof DriftlockError && error.message, message);
    return true;
  });
}

describe('the configuration of a node', () => {
  it('needs a data directory and has defaults for everything else', () => {
    deepEqual(configOf({ datadir: 'data' }), {
      datadir: resolve('data'),
      cluster: 'driftlock',
      listen: ['/ip4/127.0.0.1/tcp/0'],
      peers: [],
      members: [],
      rpc: undefined,
      dashboardToken: undefined,
      validator: { kind: 'none' },
      api: undefined,
      lockTimeMs: 30_000,
      region: undefined,
      mdns: false,
      dht: false,
      clockBounds: { driftRate: 0.0002, deliveryMarginMs: 500, skewBoundMs: 500 },
      rankStepMs: undefined,
      degradedClaiming: 'continue',
      heartbeatMs: 1_000,
      scanIntervalMs: 10_000,
      validationsMax: PARALLELISM,
      housekeeping: { ...KEEP_ALL, settleAfterBlocks: 16_384, scrubFilesPerSecond: 20 },
      retry: { failuresMax: 5, delayMsMin: 1_000, delayMsMax: 60_000 },
      leaseApi: false,
      reserveMs: undefined,
      logLevel: 'info',
      witnessPolicy: { kind: 'full' },
      witnessLimits: WITNESS_LIMITS,
    });
    refuses(() => configOf({}), '--datadir: expected a directory, found nothing');
  });

  it('gives each bound on witnesses its own setting, and refuses a policy that is none', () => {
    const { dashboardTokenFile: _other, ...file } = configFileOfEverything;
    const config = configOf({}, file);
    deepEqual(config.witnessPolicy, { kind: 'factor', copies: 3 });
    deepEqual(config.witnessLimits, {
      serve: {
        streamsPerPeer: 2,
        streamsTotal: 3,
        bytesPerSecondPerPeer: 65_536,
        bytesPerSecondPerRegion: 1_048_576,
      },
      askStreamsPerPeer: 2,
      smallFetches: 4,
      largeFetches: 5,
      reads: { inFlight: 6, waiting: 64 },
      writes: { inFlight: 7, waiting: 65 },
      diskBytes: 1,
      challengePeriodMs: 1_000,
      challengeSample: { ranges: 8, rangeBytes: 9 },
    });
    const expected = 'witnessPolicy: expected full, claimed, or factor:N with N from 1 to 512, found "most"';
    refuses(() => configOf({ datadir: 'data', witnessPolicy: 'most' }), expected);
  });

  it('takes flags before the file, and the file before the defaults', () => {
    const file: Settings = { datadir: '/file', cluster: 'file', members: [memberText, memberText], lockTimeSeconds: 5 };
    const config = configOf({ cluster: 'flag', rpc: '[::1]:0', members: [memberText], lockTimeSeconds: 0.75 }, file);
    deepEqual(
      [config.datadir, config.cluster, config.rpc, config.members, config.lockTimeMs],
      ['/file', 'flag', { host: '::1', port: 0 }, [member], 750],
    );
  });

  it('names the flag, or the file and the key, of a value that is refused', () => {
    const values: readonly (readonly [setting: Settings, flag: string, key: string, rest: string])[] = [
      [
        { listen: ['x'] },
        '--listen',
        'listen',
        'a TCP address to listen on, such as /ip4/127.0.0.1/tcp/4001, found "x"',
      ],
      [
        { peers: [peer, '/ip4/192.0.2.1/tcp/4001'] },
        '--peer',
        'peers',
        'a TCP address that ends in the peer\'s id, such as /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…, found "/ip4/192.0.2.1/tcp/4001"',
      ],
      [{ members: [memberText, 'x'] }, '--member', 'members', 'an Ed25519 peer id (12D3Koo…), found "x"'],
      [{ rpc: '8645' }, '--rpc', 'rpc', 'HOST:PORT, such as 127.0.0.1:8645 or [::1]:8645, found "8645"'],
      [{ rpc: 'host:65536' }, '--rpc', 'rpc', 'HOST:PORT, such as 127.0.0.1:8645 or [::1]:8645, found "host:65536"'],
      [{ validator: 'exec: ' }, '--validator', 'validator', 'linkage, exec:COMMAND or none, found "exec: "'],
      [{ api: 'x' }, '--api', 'api', 'none without --validator linkage, the only one that reads it, found "x"'],
      [
        { lockTimeSeconds: 0.6 },
        '--lock-time',
        'lockTimeSeconds',
        '601 to 86400000 ms (delivery margin 500 ms, drift 0.0002), found 600 ms',
      ],
    ];
    for (const [setting, flag, key, rest] of values) {
      refuses(() => configOf({ datadir: 'x', ...setting }), `${flag}: expected ${rest}`);
      refuses(() => configOf({ datadir: 'x' }, setting), `node.json: ${key}: expected ${rest}`);
    }
  });

  it('wants a source of headers for the validator linkage', () => {
    refuses(
      () => configOf({ datadir: 'x', validator: 'linkage' }),
      '--api: expected a URL or a folder of blocks, which the validator linkage reads headers from, found nothing',
    );
    const { validator, api } = configOf({ datadir: 'x', validator: 'linkage', api: 'blocks' });
    deepEqual([validator, api], [{ kind: 'linkage' }, 'blocks']);
  });

  it('judges the lock time by the bounds that the file sets', () => {
    equal(shortLock(299).lockTimeMs, 300);
    const message = '--lock-time: expected more than the skew bound of 300 ms (node.json: skewBoundMs), found 300 ms';
    refuses(() => shortLock(300), message);
  });

  it('refuses a longest pause that is shorter than the first', () => {
    refuses(
      () => configOf({ datadir: 'x', retryDelayMsMin: 500, retryDelayMsMax: 499 }),
      'retryDelayMsMax: expected at least retryDelayMsMin, 500, found 499',
    );
    equal(configOf({ datadir: 'x', retryDelayMsMin: 500, retryDelayMsMax: 500 }).retry.delayMsMax, 500);
  });

  it('keeps by blocks, hours and megabytes', () => {
    const { housekeeping } = configOf(
      { datadir: 'x', window: 7 },
      { window: 3, archiveAfterBlocks: 0, settleAfterBlocks: 0, retainBlocks: 1, retainHours: 0.5, retainMegabytes: 2 },
    );
    deepEqual(housekeeping, {
      windowFrom: 7,
      scrubFilesPerSecond: 20,
      archiveAfterBlocks: 0,
      settleAfterBlocks: 0,
      retainBlocks: 1,
      retainMs: 1_800_000,
      retainBytes: 2_000_000,
    });
  });

  it('lets programs claim blocks through an RPC server on loopback, and elsewhere when told to', () => {
    equal(configOf({ datadir: 'x', rpc: '127.0.0.1:0' }).leaseApi, true);
    equal(configOf({ datadir: 'x', rpc: '127.0.0.1:0', leaseApi: false }).leaseApi, false);
    equal(configOf({ datadir: 'x', rpc: '0.0.0.0:0' }).leaseApi, false);
    const open = configOf({ datadir: 'x', rpc: '0.0.0.0:0', leaseApi: true });
    equal(open.leaseApi, true);
    deepEqual(
      exposures(open).map((text) => text.split(':')[0]),
      ['--rpc', 'leaseApi'],
    );
  });

  it('warns of what it opens to other machines, and of nothing on loopback', () => {
    deepEqual(exposures(configOf({ datadir: 'x', rpc: 'localhost:8645' })), []);
    const open = configOf({
      datadir: 'x',
      listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/0.0.0.0/tcp/4001'],
      rpc: '0.0.0.0:8645',
    });
    deepEqual(
      exposures(open).map((text) => text.split(':')[0]),
      ['--listen', '--rpc'],
    );
  });
});

describe('settings', () => {
  const refused: readonly (readonly [value: unknown, message: string])[] = [
    [3, 'settings: expected an object, found 3'],
    [{ mdns: 'yes' }, 'mdns: expected a boolean, found "yes"'],
    [{ peers: 'x' }, 'peers: expected an array, found "x"'],
    [{ peers: ['a', 3] }, 'peers[1]: expected a string, found 3'],
    [{ rankStepMs: 1.5 }, 'rankStepMs: expected an integer, found 1.5'],
    [{ rankStepMs: 0 }, 'rankStepMs: expected at least 1, found 0'],
    [{ heartbeatMs: 12_001 }, 'heartbeatMs: expected at most 12000, found 12001'],
    [{ driftRate: 1 }, 'driftRate: expected at most 0.1, found 1'],
    [{ lockTimeSeconds: 0 }, 'lockTimeSeconds: expected more than 0, found 0'],
    [{ logLevel: 'loud' }, 'logLevel: expected one of trace, debug, info, warn, error, fatal, silent, found "loud"'],
    [{ datadir: '' }, 'datadir: expected the path of a directory, found ""'],
    [{ cluster: '/' }, 'cluster: expected a name of 1 to 64 letters, digits, ".", "_" and "-", found "/"'],
    [{ failuresMax: 0 }, 'failuresMax: expected at least 1, found 0'],
    [{ failuresMax: 1_001 }, 'failuresMax: expected at most 1000, found 1001'],
    [{ retryDelayMsMin: 3_600_001 }, 'retryDelayMsMin: expected at most 3600000, found 3600001'],
    [{ reserveSeconds: 0 }, 'reserveSeconds: expected at least 1, found 0'],
    [{ window: -1 }, 'window: expected at least 0, found -1'],
    [{ archiveAfterBlocks: 2 ** 30 + 1 }, 'archiveAfterBlocks: expected at most 1073741824, found 1073741825'],
    [{ settleAfterBlocks: -1 }, 'settleAfterBlocks: expected at least 0, found -1'],
    [{ retainBlocks: 0 }, 'retainBlocks: expected at least 1, found 0'],
    [{ retainHours: 0 }, 'retainHours: expected more than 0, found 0'],
    [{ retainMegabytes: 0.5 }, 'retainMegabytes: expected an integer, found 0.5'],
    [{ scrubFilesPerSecond: 1_001 }, 'scrubFilesPerSecond: expected at most 1000, found 1001'],
    [{ validationsMax: null }, 'validationsMax: expected a number, found null'],
  ];

  it('are refused with the key and what was found', () => {
    for (const [value, message] of refused) {
      refuses(() => parseSettings(value, nameInFile('node.json')), `node.json: ${message}`);
    }
  });

  it('that nobody knows are refused with the names of those that are', () => {
    const known = Object.keys(configFileOfEverything).join(', ');
    const message = `node.json: setting: expected one of ${known}, found "datdir"`;
    refuses(() => parseSettings({ datdir: 'x' }, nameInFile('node.json')), message);
  });

  it('hold LIST_ENTRIES_MAX peers and no more', () => {
    equal(parseSettings(peersOf(LIST_ENTRIES_MAX), nameFlag).peers?.length, LIST_ENTRIES_MAX);
    refuses(
      () => parseSettings(peersOf(LIST_ENTRIES_MAX + 1), nameFlag),
      '--peer: expected at most 512 entries, found an array of 513',
    );
  });

  it('are read from a file', async () => {
    await using folder = await temporaryFolder();
    await put(folder.path, 'node.json', JSON.stringify(configFileOfEverything));
    deepEqual(await readConfigFile(new NodeDisk(), `${folder.path}/node.json`), configFileOfEverything);
  });

  it('are refused with --config and the file when that is absent, too long, no JSON or no object', async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/node.json`;
    const refusesFile = (found: string): Promise<void> =>
      rejects(readConfigFile(new NodeDisk(), path), (error: unknown) => {
        const expected = `--config ${path}: expected a file with one JSON object, found ${found}`;
        equal(error instanceof DriftlockError && error.message, expected);
        return true;
      });
    await refusesFile('no file');
    await put(folder.path, 'node.json', '{"dashboardToken":"0123456789abcdef"');
    await refusesFile('something that is no JSON');
    await put(folder.path, 'node.json', '[]');
    await refusesFile('an array of 0');
    await put(folder.path, 'node.json', '{}'.padEnd(CONFIG_FILE_BYTES_MAX));
    deepEqual(await readConfigFile(new NodeDisk(), path), {});
    await put(folder.path, 'node.json', '{}'.padEnd(CONFIG_FILE_BYTES_MAX + 1));
    await refusesFile(`${CONFIG_FILE_BYTES_MAX + 1}`);
  });
});

const configFileOfEverything: Settings = {
  datadir: 'data',
  cluster: 'north',
  listen: ['/ip4/127.0.0.1/tcp/4001'],
  peers: [peer],
  members: [memberText],
  rpc: '127.0.0.1:8645',
  dashboardToken: 'of-16-characters',
  dashboardTokenFile: 'token',
  validator: 'linkage',
  api: 'https://rpc.example.org',
  lockTimeSeconds: 30,
  region: 'eu-1',
  mdns: true,
  dht: true,
  driftRate: 0.0001,
  deliveryMarginMs: 100,
  skewBoundMs: 100,
  rankStepMs: 100,
  heartbeatMs: 500,
  scanIntervalMs: 5_000,
  validationsMax: 4,
  window: 1,
  archiveAfterBlocks: 8,
  settleAfterBlocks: 16,
  retainBlocks: 1_000,
  retainHours: 48,
  retainMegabytes: 500,
  scrubFilesPerSecond: 2,
  failuresMax: 3,
  retryDelayMsMin: 500,
  retryDelayMsMax: 5_000,
  leaseApi: true,
  degradedClaiming: 'pause',
  reserve: true,
  reserveSeconds: 5,
  logLevel: 'debug',
  witnessPolicy: 'factor:3',
  witnessDiskBytes: 1,
  witnessStreamsPerPeer: 2,
  witnessStreamsMax: 3,
  witnessBytesPerSecondPerPeer: 65_536,
  witnessBytesPerSecondPerRegion: 1_048_576,
  witnessFetchesMax: 4,
  witnessLargeFetchesMax: 5,
  witnessReadsMax: 6,
  witnessReadsWaitingMax: 64,
  witnessWritesMax: 7,
  witnessWritesWaitingMax: 65,
  challengePeriodMs: 1_000,
  challengeRanges: 8,
  challengeRangeBytes: 9,
};
