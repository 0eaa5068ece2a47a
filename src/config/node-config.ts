/**
 * What a node is started with, complete and checked, and the default of everything that may be left unsaid.
 *
 * Invariant: with a `NodeConfig` in hand nothing about the settings can be wrong any more; what can still fail is the
 * machine (a port in use, a directory that cannot be written).
 */

import { resolve } from 'node:path';
import type { NodeId } from '../../crdt/ids.ts';
import { checkLeaseDuration, type ClockBounds } from '../../crdt/lease/rule.ts';
import { isLoopbackOnly, parseDialAddress, parseListenAddress } from '../../net/libp2p/addresses.ts';
import { parseMembers } from '../../net/membership/member-list.ts';
import type { RetryPolicy } from '../claim/decision.ts';
import type { DegradedClaiming } from '../mode/mode-keeper.ts';
import { formatHostPort, isLoopbackHost, parseHostPort, type HostPort } from '../rpc/host-port.ts';
import { parseValidatorChoice, type ValidatorChoice } from '../validators/choose.ts';
import type { HousekeepingSettings } from '../node/housekeeping-settings.ts';
import { ConfigError } from './config-error.ts';
import { namedWhereGiven, type NameSetting } from './read-settings.ts';
import type { LogLevel, SettingName, Settings } from './settings.ts';
import type { WitnessLimits } from '../witness/limits.ts';
import { parseWitnessPolicy, type WitnessPolicy } from '../witness/policy.ts';
import { witnessLimits } from './witness-settings.ts';
import { tokenSource, type TokenSource } from './write-token.ts';

export interface NodeConfig {
  /** Absolute. */
  readonly datadir: string;
  readonly cluster: string;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  /** Multiaddrs to dial, each with a peer id. */
  readonly peers: readonly string[];
  /** Members beside ourselves and those in `peers`. */
  readonly members: readonly NodeId[];
  /** Undefined: no RPC server. */
  readonly rpc: HostPort | undefined;
  /** Of who may write in the cluster document; undefined: nobody may. Never to be shown. */
  readonly dashboardToken: TokenSource | undefined;
  readonly validator: ValidatorChoice;
  /** Where headers come from, for the validator `linkage`; see `openBlockSource`. */
  readonly api: string | undefined;
  readonly lockTimeMs: number;
  readonly region: string | undefined;
  readonly mdns: boolean;
  readonly dht: boolean;
  readonly clockBounds: ClockBounds;
  /** How much longer than the one before it each candidate waits before it claims a block; undefined: as measured. */
  readonly rankStepMs: number | undefined;
  readonly heartbeatMs: number;
  /** How often the whole data directory is looked through for what the watcher missed. */
  readonly scanIntervalMs: number;
  /** Validations at work at once. */
  readonly validationsMax: number;
  readonly housekeeping: HousekeepingSettings;
  readonly retry: RetryPolicy;
  /** Whether programs may claim blocks through the RPC server. */
  readonly leaseApi: boolean;
  /** For how long a block is reserved for the node that ranks first; undefined: it is not. */
  readonly reserveMs: number | undefined;
  readonly degradedClaiming: DegradedClaiming;
  readonly logLevel: LogLevel;
  readonly witnessPolicy: WitnessPolicy;
  readonly witnessLimits: WitnessLimits;
}

export const DEFAULTS = {
  cluster: 'driftlock',
  listen: ['/ip4/127.0.0.1/tcp/0'],
  validator: 'none',
  /** The reference's lock. */
  lockTimeSeconds: 30,
  mdns: false,
  dht: false,
  /** 200 ppm: twice what the worst quartz of a server drifts. */
  driftRate: 0.0002,
  deliveryMarginMs: 500,
  /** An NTP client without attention stays within 100 ms. */
  skewBoundMs: 500,
  heartbeatMs: 1_000,
  scanIntervalMs: 10_000,
  window: 0,
  /** Two epochs of Ethereum behind finality nobody works on a block any more. */
  archiveAfterBlocks: 64,
  /** Two days of Ethereum: for as long a node may be away and still get the witnesses of all blocks. */
  settleAfterBlocks: 16_384,
  /** A million blocks in 28 hours, at one file read in 50 ms. */
  scrubFilesPerSecond: 20,
  failuresMax: 5,
  retryDelayMsMin: 1_000,
  retryDelayMsMax: 60_000,
  degradedClaiming: 'continue',
  reserve: false,
  reserveSeconds: 10,
  logLevel: 'info',
  witnessPolicy: 'full',
} as const satisfies Settings;

const HOUR_MS = 3_600_000;
const MEGABYTE_BYTES = 1_000_000;

export interface GivenSettings {
  /** From the command line. A list given here replaces that of the file. */
  readonly flags: Settings;
  readonly file: Settings;
  readonly nameInFile: NameSetting;
}

/**
 * `parallelism`: how many validations the machine can run at once. Throws a `ConfigError`, or the error of the part that
 * parses a value (`ERR_BAD_MULTIADDR`, `ERR_BAD_PEER_ID`, `ERR_BAD_HOST_PORT`, `ERR_BAD_VALIDATOR`, `ERR_LOCK_TIME`), each
 * naming the flag, or the file and the key.
 */
export function nodeConfig({ flags, file, nameInFile }: GivenSettings, parallelism: number): NodeConfig {
  const given: Settings = { ...file, ...flags };
  const nameOf = (setting: SettingName): string => namedWhereGiven(setting, flags, nameInFile);
  if (given.datadir === undefined) {
    const detail = { argument: '--datadir', expected: 'a directory', found: 'nothing' };
    throw new ConfigError('ERR_MISSING_SETTING', detail);
  }
  const settings = { ...DEFAULTS, ...given };
  const { driftRate, deliveryMarginMs, skewBoundMs, api } = settings;
  const clockBounds = { driftRate, deliveryMarginMs, skewBoundMs };
  const lockTimeMs = Math.round(settings.lockTimeSeconds * 1000);
  checkLeaseDuration(lockTimeMs, clockBounds, nameOf('lockTimeSeconds'));
  checkSkewBound(skewBoundMs, lockTimeMs, nameOf);
  for (const address of settings.listen) parseListenAddress(address, nameOf('listen'));
  for (const address of settings.peers ?? []) parseDialAddress(address, nameOf('peers'));
  const validator = parseValidatorChoice(settings.validator, nameOf('validator'));
  checkApi(validator, api, nameOf);
  const retry = retryPolicy(settings, nameOf);
  const rpc = settings.rpc === undefined ? undefined : parseHostPort(settings.rpc, nameOf('rpc'));
  return {
    datadir: resolve(given.datadir),
    cluster: settings.cluster,
    listen: settings.listen,
    peers: settings.peers ?? [],
    members: parseMembers(settings.members ?? [], nameOf('members')),
    rpc,
    dashboardToken: tokenSource(flags, file, nameOf),
    validator,
    api,
    lockTimeMs,
    region: settings.region,
    mdns: settings.mdns,
    dht: settings.dht,
    clockBounds,
    rankStepMs: settings.rankStepMs,
    heartbeatMs: settings.heartbeatMs,
    scanIntervalMs: settings.scanIntervalMs,
    validationsMax: settings.validationsMax ?? parallelism,
    housekeeping: {
      windowFrom: settings.window,
      archiveAfterBlocks: settings.archiveAfterBlocks,
      settleAfterBlocks: settings.settleAfterBlocks,
      retainBlocks: settings.retainBlocks,
      retainMs: settings.retainHours === undefined ? undefined : settings.retainHours * HOUR_MS,
      retainBytes: settings.retainMegabytes === undefined ? undefined : settings.retainMegabytes * MEGABYTE_BYTES,
      scrubFilesPerSecond: settings.scrubFilesPerSecond,
    },
    retry,
    // Who can call it can sign results in this node's name: beyond loopback that takes the operator's word.
    leaseApi: settings.leaseApi ?? (rpc !== undefined && isLoopbackHost(rpc.host)),
    reserveMs: settings.reserve ? settings.reserveSeconds * 1_000 : undefined,
    degradedClaiming: settings.degradedClaiming,
    logLevel: settings.logLevel,
    witnessPolicy: parseWitnessPolicy(settings.witnessPolicy, nameOf('witnessPolicy')),
    witnessLimits: witnessLimits(settings),
  };
}

/** What the node opens to others than this machine. Operators have asked for it; they should still see it in the log. */
export function exposures(config: NodeConfig): readonly string[] {
  const found: string[] = [];
  const addresses = config.listen.map((text) => parseListenAddress(text));
  if (!isLoopbackOnly(addresses)) found.push(`--listen: other machines can connect to ${config.listen.join(', ')}`);
  if (config.rpc !== undefined && !isLoopbackHost(config.rpc.host)) {
    found.push(`--rpc: anyone who reaches ${formatHostPort(config.rpc)} can call it; it asks for no password`);
    if (config.dashboardToken !== undefined)
      found.push('--rpc: the token of the dashboard crosses the network as it is');
    if (config.leaseApi) found.push('leaseApi: anyone who can call it can report results in the name of this node');
  }
  return found;
}

/** A clock that may be wrong by a whole lock says nothing about when a lease ends. */
function checkSkewBound(skewBoundMs: number, lockTimeMs: number, nameOf: (setting: SettingName) => string): void {
  if (skewBoundMs < lockTimeMs) return;
  throw new ConfigError('ERR_BAD_SETTING', {
    argument: nameOf('lockTimeSeconds'),
    expected: `more than the skew bound of ${skewBoundMs} ms (${nameOf('skewBoundMs')})`,
    found: `${lockTimeMs} ms`,
  });
}

function retryPolicy(
  {
    failuresMax,
    retryDelayMsMin,
    retryDelayMsMax,
  }: Required<Pick<Settings, 'failuresMax' | 'retryDelayMsMin' | 'retryDelayMsMax'>>,
  nameOf: (setting: SettingName) => string,
): RetryPolicy {
  if (retryDelayMsMax >= retryDelayMsMin) {
    return { failuresMax, delayMsMin: retryDelayMsMin, delayMsMax: retryDelayMsMax };
  }
  throw new ConfigError('ERR_BAD_SETTING', {
    argument: nameOf('retryDelayMsMax'),
    expected: `at least retryDelayMsMin, ${retryDelayMsMin}`,
    found: `${retryDelayMsMax}`,
  });
}

function checkApi(validator: ValidatorChoice, api: string | undefined, nameOf: (setting: SettingName) => string): void {
  if (validator.kind === 'linkage' && api === undefined) {
    throw new ConfigError('ERR_MISSING_SETTING', {
      argument: '--api',
      expected: 'a URL or a folder of blocks, which the validator linkage reads headers from',
      found: 'nothing',
    });
  }
  if (validator.kind !== 'linkage' && api !== undefined) {
    throw new ConfigError('ERR_BAD_SETTING', {
      argument: nameOf('api'),
      expected: 'none without --validator linkage, the only one that reads it',
      found: JSON.stringify(api),
    });
  }
}
