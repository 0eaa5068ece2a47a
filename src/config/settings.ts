/**
 * The settings of a node as an operator writes them, on the command line or in a JSON file. `node-config.ts` says what they
 * mean and what holds where nothing is said.
 *
 * Invariant: a setting has one name and one type wherever it is written; what is no setting is refused.
 */

import { z } from 'zod';
import { LEASE_DURATION_MS_MAX } from '../../crdt/lease/lease.ts';
import { PRESENCE_FORGET_MS } from '../../net/presence/table.ts';
import { DEGRADED_CLAIMING } from '../mode/mode-keeper.ts';
import { HEARTBEATS_MISSED_MAX } from '../presence/presence.ts';
import { witnessSettingsShape } from './witness-settings.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Addresses or members in one list. */
export const LIST_ENTRIES_MAX = 512;

/** A day: what the lease codec takes. */
export const LOCK_TIME_SECONDS_MAX = LEASE_DURATION_MS_MAX / 1000;

/** A node that missed the most heartbeats it may miss must still be known, or its old ones could be replayed. */
export const HEARTBEAT_MS_MAX = PRESENCE_FORGET_MS / HEARTBEATS_MISSED_MAX;
/** Some 500 years of Ethereum. */
const BLOCKS_BEHIND_MAX = 2 ** 30;
/** A century. */
const HOURS_RETAINED_MAX = 876_000;

const list = z.array(z.string()).max(LIST_ENTRIES_MAX).readonly();

export const settingsSchema = z
  .strictObject({
    datadir: z.string().regex(/./, 'the path of a directory'),
    /** Part of what the signature of every gossip message covers: nodes of another name reject it. */
    cluster: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name of 1 to 64 letters, digits, ".", "_" and "-"'),
    listen: list,
    peers: list,
    members: list,
    rpc: z.string(),
    /** Whoever has it may write in the cluster document; nobody may when there is none. */
    dashboardToken: z
      .string()
      .regex(/^[\x21-\x7e]{16,256}$/, '16 to 256 visible ASCII characters, such as of `openssl rand -hex 16`'),
    /** Holds that token and nothing else. */
    dashboardTokenFile: z.string().regex(/./, 'the path of a file'),
    validator: z.string(),
    api: z.string().regex(/./, 'a URL or a folder'),
    lockTimeSeconds: z.number().positive().max(LOCK_TIME_SECONDS_MAX),
    /** Where the node stands, for people. */
    region: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a name of 1 to 64 letters, digits, ".", "_" and "-"'),
    mdns: z.boolean(),
    /** Whether holders of witnesses are found through a DHT among the members. */
    dht: z.boolean(),
    driftRate: z.number().min(0).max(0.1),
    deliveryMarginMs: z.int().min(2).max(60_000),
    skewBoundMs: z.int().min(1).max(60_000),
    rankStepMs: z.int().min(1).max(60_000),
    heartbeatMs: z.int().min(50).max(HEARTBEAT_MS_MAX),
    scanIntervalMs: z.int().min(100).max(3_600_000),
    validationsMax: z.int().min(1).max(1_024),
    window: z.int().min(0),
    archiveAfterBlocks: z.int().min(0).max(BLOCKS_BEHIND_MAX),
    settleAfterBlocks: z.int().min(0).max(BLOCKS_BEHIND_MAX),
    retainBlocks: z.int().min(1),
    retainHours: z.number().positive().max(HOURS_RETAINED_MAX),
    retainMegabytes: z.int().min(1),
    scrubFilesPerSecond: z.number().min(0).max(1_000),
    failuresMax: z.int().min(1).max(1_000),
    retryDelayMsMin: z.int().min(1).max(3_600_000),
    retryDelayMsMax: z.int().min(1).max(86_400_000),
    /** Whether programs may claim blocks through the RPC server. */
    leaseApi: z.boolean(),
    /** Whether blocks are claimed while too few members are in reach. */
    degradedClaiming: z.enum(DEGRADED_CLAIMING),
    reserve: z.boolean(),
    reserveSeconds: z.int().min(1).max(3_600),
    logLevel: z.enum(LOG_LEVELS),
    ...witnessSettingsShape,
  })
  .partial();

export type ParsedSettings = z.infer<typeof settingsSchema>;
/** What is not set is absent, never undefined, so that one set of settings can be laid over another. */
export type Settings = { readonly [Name in keyof ParsedSettings]?: Exclude<ParsedSettings[Name], undefined> };
export type SettingName = keyof Settings;

/** The settings that have a flag. Everything else is for the file. */
export const FLAGS = {
  datadir: '--datadir',
  cluster: '--cluster',
  listen: '--listen',
  peers: '--peer',
  members: '--member',
  rpc: '--rpc',
  dashboardToken: '--dashboard-token',
  dashboardTokenFile: '--dashboard-token-file',
  validator: '--validator',
  api: '--api',
  lockTimeSeconds: '--lock-time',
  window: '--window',
  reserve: '--reserve',
  logLevel: '--log-level',
  dht: '--dht',
} as const satisfies Partial<Record<SettingName, `--${string}`>>;

/** What must not be shown, not even when it is refused. */
export const SECRETS: readonly string[] = ['dashboardToken'] satisfies readonly SettingName[];
