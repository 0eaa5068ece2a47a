/**
 * Syncthing on loopback: instances that share one folder, each with a directory of its own.
 *
 * Invariant: they know each other's addresses from the start, and everything that would look for others (discovery, relays,
 * NAT traversal) or take their time (low priority, a slow watcher) is off or at its minimum.
 */

import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { BenchSkip } from '../row.ts';
import { freePort } from './free-port.ts';

const FOLDER = 'bench';
const API_KEY = 'bench';
/** The least that its configuration takes: whole seconds. */
const WATCHER_DELAY_S = 1;

const statusAnswer = z.looseObject({ state: z.string() });
const connectionsAnswer = z.looseObject({
  connections: z.record(z.string(), z.looseObject({ connected: z.boolean() })),
});

interface Instance {
  readonly home: string;
  readonly folder: string;
  readonly device: string;
  readonly port: number;
  readonly guiPort: number;
}

export function requireSyncthing(): void {
  try {
    execFileSync('syncthing', ['--version'], { stdio: 'ignore' });
  } catch (error) {
    throw new BenchSkip("syncthing is not installed (Debian's syncthing)", { cause: error });
  }
}

export class SyncthingCluster {
  readonly #instances: readonly Instance[];
  readonly #processes: readonly ChildProcess[];

  private constructor(instances: readonly Instance[], processes: readonly ChildProcess[]) {
    this.#instances = instances;
    this.#processes = processes;
  }

  /** Starts `count` instances below `root`; resolves once every two are connected and have nothing to do. */
  static async start(root: string, count: number): Promise<SyncthingCluster> {
    const instances: Instance[] = [];
    for (let at = 0; at < count; at++) instances.push(await makeInstance(join(root, `${at}`)));
    for (const instance of instances) {
      await writeFile(join(instance.home, 'config.xml'), configOf(instance, instances));
    }
    const processes = instances.map(({ home }) =>
      spawn('syncthing', ['serve', `--home=${home}`, '--no-browser', '--no-restart', '--no-upgrade'], {
        stdio: 'ignore',
      }),
    );
    const cluster = new SyncthingCluster(instances, processes);
    for (const instance of instances) await cluster.#ready(instance);
    return cluster;
  }

  /** What each shares, in the order in which they were made. */
  get folders(): readonly string[] {
    return this.#instances.map(({ folder }) => folder);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#processes.map((process) => {
        const ended = new Promise((resolve) => process.once('exit', resolve));
        process.kill();
        return ended;
      }),
    );
  }

  async #ready(instance: Instance): Promise<void> {
    const others = this.#instances.filter((other) => other !== instance);
    for (;;) {
      const ended = this.#processes.find(({ exitCode }) => exitCode !== null);
      if (ended !== undefined) throw new Error(`syncthing ended with ${ended.exitCode}`);
      const state = await stateOf(instance).catch(() => undefined);
      if (state?.isIdle === true && others.every(({ device }) => state.connected.has(device))) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Whether the folder has nothing to do, and the devices that are connected. Rejects while it does not answer. */
async function stateOf(instance: Instance): Promise<{ isIdle: boolean; connected: ReadonlySet<string> }> {
  const { state } = statusAnswer.parse(await ask(instance, `db/status?folder=${FOLDER}`));
  const { connections } = connectionsAnswer.parse(await ask(instance, 'system/connections'));
  const connected = Object.entries(connections).filter(([, connection]) => connection.connected);
  return { isIdle: state === 'idle', connected: new Set(connected.map(([device]) => device)) };
}

async function ask({ guiPort }: Instance, path: string): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${guiPort}/rest/${path}`, { headers: { 'X-API-Key': API_KEY } });
  return answer.json();
}

async function makeInstance(root: string): Promise<Instance> {
  const [home, folder] = [join(root, 'home'), join(root, 'folder')];
  await mkdir(home, { recursive: true });
  await mkdir(join(folder, '.stfolder'), { recursive: true });
  await promisify(execFile)('syncthing', ['generate', `--home=${home}`, '--no-default-folder']);
  const { stdout } = await promisify(execFile)('syncthing', ['serve', `--home=${home}`, '--device-id']);
  return { home, folder, device: stdout.trim(), port: await freePort(), guiPort: await freePort() };
}

function configOf(self: Instance, all: readonly Instance[]): string {
  const devices = all.map(
    ({ device, port }) =>
      `<device id="${device}" name="${port}" compression="never"><address>tcp://127.0.0.1:${port}</address></device>`,
  );
  const members = all.map(({ device }) => `<device id="${device}"/>`);
  return `<configuration version="36">
  <folder id="${FOLDER}" path="${self.folder}" type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true"
    fsWatcherDelayS="${WATCHER_DELAY_S}" ignorePerms="true">${members.join('')}<minDiskFree unit="%">0</minDiskFree></folder>
  ${devices.join('\n  ')}
  <gui enabled="true" tls="false"><address>127.0.0.1:${self.guiPort}</address><apikey>${API_KEY}</apikey></gui>
  <options>
    <listenAddress>tcp://127.0.0.1:${self.port}</listenAddress>
    <globalAnnounceEnabled>false</globalAnnounceEnabled><localAnnounceEnabled>false</localAnnounceEnabled>
    <relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled><reconnectionIntervalS>1</reconnectionIntervalS>
    <startBrowser>false</startBrowser><urAccepted>-1</urAccepted><autoUpgradeIntervalH>0</autoUpgradeIntervalH>
    <crashReportingEnabled>false</crashReportingEnabled><setLowPriority>false</setLowPriority>
    <minHomeDiskFree unit="%">0</minHomeDiskFree>
  </options>
</configuration>
`;
}
