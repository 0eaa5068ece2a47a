/** `driftlock run`: a node on a data directory, until it is told to stop. */

import type { Command } from 'commander';
import { abortReason } from '../../net/clock.ts';
import { openLog } from '../config/log.ts';
import { DEFAULTS, exposures, type NodeConfig } from '../config/node-config.ts';
import { nameFlag, parseSettings } from '../config/read-settings.ts';
import { LOCK_TIME_SECONDS_MAX, LOG_LEVELS, type Settings } from '../config/settings.ts';
import { TOKEN_VARIABLE } from '../config/write-token.ts';
import { datadirLayout } from '../datadir/layout.ts';
import { NodeKeyDisk } from '../identity/key-disk.ts';
import { describeEvent } from '../node/describe-event.ts';
import { DEFAULT_RPC_PORT } from '../rpc/host-port.ts';
import { configWith } from './config-file.ts';
import { collect, parseBlockNumber, parseSeconds } from './flag-values.ts';
import { openKeyWarning } from './id-command.ts';
import { aborted, stopSignal } from './stop-signal.ts';
import { printLine, type Terminal } from './terminal.ts';

/** As commander leaves them. */
interface RunFlags {
  readonly datadir?: string;
  readonly cluster?: string;
  readonly listen?: readonly string[];
  readonly peer?: readonly string[];
  readonly member?: readonly string[];
  readonly rpc?: string;
  readonly dashboardToken?: string;
  readonly dashboardTokenFile?: string;
  readonly validator?: string;
  readonly api?: string;
  readonly lockTime?: string;
  readonly window?: string;
  readonly reserve?: boolean;
  readonly logLevel?: string;
  readonly dht?: boolean;
  readonly config?: string;
}

export function addRunCommand(program: Command, terminal: Terminal): void {
  program
    .command('run')
    .summary('run a node on a data directory')
    .description(
      'Runs a node: turns the files of a data directory into replicated records, keeps them the same as those of its ' +
        'peers, and, with a validator, claims blocks and validates them. SIGINT or SIGTERM stops it; a second one at once.',
    )
    .option('--datadir <dir>', 'the data directory; one node at a time')
    .option('--cluster <name>', `only nodes of the same name talk (default: "${DEFAULTS.cluster}")`)
    .option('--listen <multiaddr>', `where to listen; repeatable (default: ${DEFAULTS.listen.join(' ')})`, collect)
    .option('--peer <multiaddr>', 'a member to connect to, ending in /p2p/PEERID; repeatable', collect)
    .option('--member <peerid>', 'a member that connects to us; repeatable. Nobody else is let in', collect)
    .option('--rpc <host:port>', 'answer JSON-RPC there (default: off)')
    .option('--dashboard-token <token>', 'who has it may write in the cluster document (default: nobody)')
    .option('--dashboard-token-file <file>', 'the same from a file, which does not show in the list of processes')
    .option('--validator <kind>', `linkage, exec:COMMAND or none (default: ${DEFAULTS.validator})`)
    .option('--api <url|dir>', 'where linkage gets headers: an Ethereum JSON-RPC URL, or a folder')
    .option('--lock-time <seconds>', `how long a claim lasts unless renewed (default: ${DEFAULTS.lockTimeSeconds})`)
    .option('--window <number>', 'keep only blocks from this number on (default: all)')
    .option('--reserve', 'show new blocks as taken to the programs here, except where this node ranks first')
    .option('--log-level <level>', `${LOG_LEVELS.join(', ')} (default: ${DEFAULTS.logLevel})`)
    .option('--dht', 'find holders of witnesses among members that this node is not linked to')
    .option('--config <file>', 'settings as a JSON object; flags win over it')
    .addHelpText('after', RUN_HELP)
    .action(async (flags: RunFlags) => {
      const config = await configWith(settingsOf(flags), flags.config);
      await runUntilStopped(config, terminal);
    });
}

const RUN_HELP = `
Validators:
  linkage       checks that header, parent and witness link up by their hashes; it executes nothing
  exec:COMMAND  runs COMMAND NUMBER HASH EPOCH WITNESS-FILE; exit code 0 and a last line {"stateRoot":"0x…"} is a success,
                exit code 1 a failure, anything else is tried again
  none          leaves validation to the programs that share the directory

Settings of --config FILE: datadir, cluster, listen, peers, members, rpc, dashboardToken, dashboardTokenFile, validator, api,
lockTimeSeconds, window, reserve, dht, logLevel, and without a flag: region, mdns, driftRate, deliveryMarginMs, skewBoundMs, rankStepMs, heartbeatMs,
scanIntervalMs, validationsMax, archiveAfterBlocks, settleAfterBlocks, retainBlocks, retainHours, retainMegabytes,
scrubFilesPerSecond, failuresMax, retryDelayMsMin, retryDelayMsMax, leaseApi, reserveSeconds, degradedClaiming. A list given by
flags replaces that of the file. Paths are relative to the working directory. ${TOKEN_VARIABLE} in the environment stands above
what the file says of the token.

Listening on another address than loopback opens the node (to members alone) or its RPC (to anyone) to the network.

Examples:
  driftlock run --datadir /var/lib/driftlock --rpc 127.0.0.1:${DEFAULT_RPC_PORT}
  driftlock run --datadir data --listen /ip4/0.0.0.0/tcp/4001 --peer /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…
  driftlock run --datadir data --validator linkage --api https://rpc.example.org --lock-time 30`;

function settingsOf({
  datadir,
  cluster,
  listen,
  peer,
  member,
  rpc,
  validator,
  api,
  lockTime,
  reserve,
  ...rest
}: RunFlags): Settings {
  const lockTimeSeconds =
    lockTime === undefined ? undefined : parseSeconds(lockTime, '--lock-time', LOCK_TIME_SECONDS_MAX);
  const window = rest.window === undefined ? undefined : parseBlockNumber(rest.window, '--window');
  const settings = {
    datadir,
    cluster,
    listen,
    peers: peer,
    members: member,
    rpc,
    dashboardToken: rest.dashboardToken,
    dashboardTokenFile: rest.dashboardTokenFile,
    validator,
    api,
    lockTimeSeconds,
    window,
    reserve,
    logLevel: rest.logLevel,
    dht: rest.dht,
  };
  return parseSettings(settings, nameFlag);
}

async function runUntilStopped(config: NodeConfig, { stdout }: Terminal): Promise<void> {
  const log = openLog(config.logLevel);
  for (const exposure of exposures(config)) log.warn(exposure);
  const signal = stopSignal();
  // The node brings libp2p with it, 0.4 s that no other command should wait for.
  const { runNode } = await import('../node/run-node.ts');
  const node = await runNode(config, {
    onEvent: (event) => {
      const { level, fields } = describeEvent(event);
      log[level](fields, event.type);
    },
    onRpcDefect: (method, error) => log.error({ method, err: error }, 'rpc-defect'),
  });
  const { key } = datadirLayout(config.datadir);
  if (await new NodeKeyDisk().isOpenToOthers(key)) log.warn(openKeyWarning(key));
  const rpc = node.rpcUrl === undefined ? 'no rpc' : `rpc ${node.rpcUrl}`;
  if (node.rpcUrl !== undefined) log.info({ url: node.rpcUrl }, 'dashboard');
  printLine(stdout, `driftlock ${node.peerId} on ${node.addresses.join(' ')}, ${rpc}`);
  await aborted(signal);
  log.info({ signal: abortReason(signal).message }, 'stopping');
  await node.stop();
}
