/**
 * A network namespace for each node, joined by a bridge: real links that can be taken down. Needs root and iproute2.
 *
 * Invariant: every name carries the id of this process, and `remove` takes away exactly what `make` made.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { errnoOf } from '../../disk/errno.ts';

const run = promisify(execFile);

const ip = async (...args: string[]): Promise<void> => {
  await run('ip', args);
};

export class Namespaces {
  readonly #count: number;
  /** Of this process. */
  readonly #tag = tagOf(process.pid);
  /** 10.79.x.0/24 */
  readonly #subnet = process.pid % 254;

  private constructor(count: number) {
    this.#count = count;
  }

  /** Why they cannot be made here; undefined when they can. */
  static async unavailable(): Promise<string | undefined> {
    if (process.getuid?.() !== 0) return 'network namespaces take root';
    const probe = `${prefixOf(process.pid)}probe`;
    try {
      await ip('netns', 'add', probe);
      await ip('netns', 'del', probe);
      return undefined;
    } catch (error) {
      return errnoOf(error) === 'ENOENT' ? 'there is no "ip" (iproute2)' : 'this machine makes no network namespaces';
    }
  }

  /** Removes what the process with this id made and did not remove, which is gone. */
  static async removeOf(pid: number): Promise<void> {
    const listed = await run('ip', ['netns', 'list']).catch(() => undefined);
    const names = (listed?.stdout ?? '').split('\n').map((line) => line.split(' ')[0] ?? '');
    for (const name of names.filter((each) => each.startsWith(prefixOf(pid)))) await ip('netns', 'del', name);
    if (listed !== undefined) await ip('link', 'del', bridgeOf(tagOf(pid))).catch(() => undefined);
  }

  static async make(count: number): Promise<Namespaces> {
    const made = new Namespaces(count);
    try {
      await made.#make();
      return made;
    } catch (error) {
      await made.remove();
      throw error;
    }
  }

  /** Of the machine itself, as the nodes reach it. */
  get hostAddress(): string {
    return `10.79.${this.#subnet}.254`;
  }

  addressOf(index: number): string {
    return `10.79.${this.#subnet}.${index + 1}`;
  }

  /** What runs the rest of its arguments in the namespace. */
  commandIn(index: number): string[] {
    return ['ip', 'netns', 'exec', this.#nameOf(index)];
  }

  async linkDown(index: number): Promise<void> {
    await ip('link', 'set', this.#linkOf(index), 'down');
  }

  async linkUp(index: number): Promise<void> {
    await ip('link', 'set', this.#linkOf(index), 'up');
  }

  async remove(): Promise<void> {
    for (let index = 0; index < this.#count; index++) {
      // With the namespace its end of the link goes, and with that the other one.
      await ip('netns', 'del', this.#nameOf(index)).catch(() => undefined);
    }
    await ip('link', 'del', this.#bridge).catch(() => undefined);
  }

  get #bridge(): string {
    return bridgeOf(this.#tag);
  }

  #nameOf(index: number): string {
    return `${prefixOf(process.pid)}${index + 1}`;
  }

  /** The end that lies outside of the namespace. */
  #linkOf(index: number): string {
    return `dl${this.#tag}x${index + 1}`;
  }

  async #make(): Promise<void> {
    await ip('link', 'add', 'name', this.#bridge, 'type', 'bridge');
    await ip('addr', 'add', `${this.hostAddress}/24`, 'dev', this.#bridge);
    await ip('link', 'set', this.#bridge, 'up');
    for (let index = 0; index < this.#count; index++) {
      const [name, link] = [this.#nameOf(index), this.#linkOf(index)];
      await ip('netns', 'add', name);
      await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      await ip('link', 'set', link, 'master', this.#bridge, 'up');
      await ip('-n', name, 'addr', 'add', `${this.addressOf(index)}/24`, 'dev', 'eth0');
      await ip('-n', name, 'link', 'set', 'eth0', 'up');
      await ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  }
}

/** How the names of a process's namespaces begin. */
function prefixOf(pid: number): string {
  return `dlchaos-${pid}-`;
}

/** Device names hold 15 characters. */
function tagOf(pid: number): number {
  return pid % 1_000_000;
}

function bridgeOf(tag: number): string {
  return `dlbr${tag}`;
}
