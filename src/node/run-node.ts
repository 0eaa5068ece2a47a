/**
 * A node on this machine: the one place where the real disk, clock, randomness, network and key are plugged in.
 *
 * Invariant: what was acquired is given back, in reverse order, when a later step fails or the node stops.
 */

import type { NodeId } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { MemberList } from '../../net/membership/member-list.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { verifySignature, verifySignatureLater } from '../../net/identity/verify.ts';
import { createLibp2pNetwork } from '../../net/libp2p/network.ts';
import { parseDialAddress } from '../../net/libp2p/addresses.ts';
import { openBlockSource } from '../chain/open-source.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { readToken } from '../config/write-token.ts';
import { Dashboard } from '../dashboard/dashboard.ts';
import { datadirLayout } from '../datadir/layout.ts';
import { lockDatadir } from '../datadir/lock.ts';
import { prepareDatadir } from '../datadir/prepare.ts';
import { EvidenceLog } from '../evidence/evidence-log.ts';
import { DocumentRoom } from '../document/document-room.ts';
import { NodeKeyDisk } from '../identity/key-disk.ts';
import { loadIdentity } from '../identity/load-identity.ts';
import type { Rereading } from '../rpc/file-methods.ts';
import { NodeMetrics } from '../metrics/node-metrics.ts';
import { metricsPages } from '../metrics/pages.ts';
import { startRpcServer } from '../rpc/server.ts';
import { ExecValidator } from '../validators/exec.ts';
import { LinkageValidator } from '../validators/linkage.ts';
import type { WitnessOperations } from '../witness/operations.ts';
import type { Validator } from '../validators/validator.ts';
import { queriesOf } from './answer-queries.ts';
import type { NodeEvent } from './events.ts';
import { collectYoung, randomInteger, systemClock, systemDisk } from './machine.ts';
import { DriftlockNode } from './node.ts';
import type { NodeQueries } from './queries.ts';
import { readStatus, type StatusSources } from './read-status.ts';
import type { NodeStatus } from './status.ts';

export interface RunningNode extends Rereading {
  readonly peerId: string;
  /** Multiaddrs others can dial. */
  readonly addresses: readonly string[];
  /** Of the RPC server; undefined when there is none. */
  readonly rpcUrl: string | undefined;
  readonly queries: NodeQueries;
  readonly witnesses: WitnessOperations;
  status(): NodeStatus;
  stop(): Promise<void>;
}

export interface RunHooks {
  readonly onEvent: (event: NodeEvent) => void;
  readonly onRpcDefect: (method: string, error: unknown) => void;
  /** In place of the one that the configuration names: for a program that validates in its own process. */
  readonly validator?: Validator;
}

/**
 * Locks the data directory, reads it, joins the cluster and starts to work. Throws typed errors that name the flag or
 * file: `ERR_DATADIR_IN_USE`, `ERR_NOT_WRITABLE`, `ERR_BAD_KEY_FILE`, `ERR_ADDRESS_IN_USE`, `ERR_BAD_API` and others.
 */
export async function runNode(config: NodeConfig, hooks: RunHooks): Promise<RunningNode> {
  const release: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (let undo = release.pop(); undo !== undefined; undo = release.pop()) await undo();
  };
  try {
    const disk = systemDisk;
    release.push(() => disk.close());
    const token = config.dashboardToken && (await readToken(disk, config.dashboardToken));
    const layout = datadirLayout(config.datadir);
    const validator = hooks.validator ?? makeValidator(config);
    const lock = await lockDatadir({ disk, layout, processId: process.pid });
    release.push(() => lock.release());
    await prepareDatadir(disk, layout);
    const { identity } = await loadIdentity(new NodeKeyDisk(), layout, process.pid);
    const dialled = config.peers.map((address) => parseDialAddress(address).node);
    const members = new MemberList(identity.node, [...config.members, ...dialled]);
    const metrics = config.rpc === undefined ? undefined : new NodeMetrics(systemClock);
    const network = createLibp2pNetwork({
      identity,
      members,
      listen: config.listen,
      dial: config.peers,
      mdns: config.mdns,
      dht: config.dht,
      clock: systemClock,
      random: randomInteger,
      metrics: metrics?.libp2p,
    });
    let dashboard: Dashboard | undefined;
    const evidence = new EvidenceLog({
      disk,
      clock: systemClock,
      directory: layout.evidence,
      self: identity.node,
      onFailure: (file, error) => hooks.onEvent({ type: 'write-failed', file, error }),
      onRecord: (content, atMs) => dashboard?.noteEvidence(content, atMs),
    });
    await evidence.open();
    release.push(() => evidence.close());
    const report = (event: NodeEvent): void => {
      evidence.note(event);
      metrics?.note(event);
      hooks.onEvent(event);
    };
    const isMember = (member: NodeId): boolean => members.has(member);
    const { cluster } = config;
    const world = { clock: systemClock, random: randomInteger, disk, network, layout, signer: identity, isMember };
    const room = new DocumentRoom({ ...world, cluster, verify: verifySignature, onEvent: report });
    await room.open();
    const startedAtMs = systemClock.monotonicMs();
    const node = new DriftlockNode(
      {
        cluster,
        region: config.region ?? '',
        bounds: config.clockBounds,
        lockTimeMs: config.lockTimeMs,
        rankStepMs: config.rankStepMs,
        heartbeatMs: config.heartbeatMs,
        scanIntervalMs: config.scanIntervalMs,
        validationsMax: config.validationsMax,
        housekeeping: config.housekeeping,
        retry: config.retry,
        reserveMs: config.reserveMs,
        degradedClaiming: config.degradedClaiming,
        witnessPolicy: config.witnessPolicy,
        witnessLimits: config.witnessLimits,
      },
      {
        ...world,
        collectYoung,
        directory: network.directory,
        verify: verifySignature,
        verifyLater: verifySignatureLater,
        members: () => members.nodes(),
        validator,
        onEvent: (event) => {
          report(event);
          room.note(event);
        },
        onChanged: (key) => dashboard?.noteChange(key),
      },
    );
    release.push(() => node.stop());
    release.push(() => room.stop());
    let isReady = false;
    const sources: StatusSources = {
      node,
      self: identity.node,
      cluster,
      region: config.region ?? '',
      datadir: config.datadir,
      members: members.nodes(),
      validator,
      clock: systemClock,
      startedAtMs,
      skewBoundMs: config.clockBounds.skewBoundMs,
      peers: () => network.peers(),
      addresses: () => network.addresses(),
      document: () => room.status(),
    };
    const status = (): NodeStatus => readStatus(sources);
    const queries = queriesOf(node, room, disk, status);
    const files: Rereading = {
      reread: (key) => node.housekeeping.reread(key),
      rereadContracts: () => node.housekeeping.rereadContracts(),
    };
    if (config.rpc !== undefined) {
      const opened = await Dashboard.open({
        node,
        sources,
        clock: systemClock,
        isReady: () => isReady,
        verify: verifySignature,
      });
      dashboard = opened;
      release.push(() => opened.stop());
    }
    const rpc =
      config.rpc === undefined
        ? undefined
        : await startRpcServer({
            queries,
            leases: config.leaseApi ? node.claims.clients : undefined,
            // Whoever may claim blocks may have files read, too: both cost this machine something.
            files: config.leaseApi ? files : undefined,
            isReady: () => isReady,
            listen: config.rpc,
            pages: new Map([
              ...(metrics === undefined ? [] : metricsPages(metrics, status)),
              ...(dashboard?.pages ?? []),
            ]),
            sockets: dashboard?.sockets,
            document: {
              token,
              clock: systemClock,
              open: (mayWrite, send) => room.connect(mayWrite, send),
            },
            onDefect: hooks.onRpcDefect,
          });
    // Before the directory is read, so that the status shows how far that has come.
    if (rpc !== undefined) release.push(() => rpc.close());
    await node.start();
    room.start();
    isReady = true;
    return {
      peerId: peerIdText(identity.node),
      addresses: network.addresses(),
      rpcUrl: rpc?.url,
      queries,
      ...files,
      witnesses: node.witnesses.operations,
      status,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function makeValidator({ validator, api }: NodeConfig): Validator | undefined {
  switch (validator.kind) {
    case 'none':
      return undefined;
    case 'exec':
      return new ExecValidator(validator.command, systemClock);
    case 'linkage': {
      invariant(api !== undefined, 'a checked configuration with the validator linkage has an api');
      const source = openBlockSource(api, { disk: systemDisk, clock: systemClock, random: randomInteger });
      return new LinkageValidator(source);
    }
  }
}
