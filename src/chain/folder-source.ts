/** Headers from a folder of `{number}.{0xhash}.json`, each one block as `eth_getBlockByHash` answers it. */

import { join } from 'node:path';
import { blockId, type BlockKey } from '../../crdt/ids.ts';
import type { Disk } from '../disk/disk.ts';
import { BLOCK_JSON_BYTES_MAX, parseBlockJson, type BlockSource } from './block-source.ts';
import { parseHeader, type Header } from './header.ts';

export class FolderSource implements BlockSource {
  readonly #disk: Pick<Disk, 'read'>;
  readonly #directory: string;

  /** `directory` is absolute. */
  constructor(disk: Pick<Disk, 'read'>, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  async header(key: BlockKey): Promise<Header | undefined> {
    const path = join(this.#directory, `${blockId(key)}.json`);
    const file = await this.#disk.read(path, BLOCK_JSON_BYTES_MAX);
    return file === undefined ? undefined : parseHeader(parseBlockJson(file.bytes, path), path);
  }

  describe(): string {
    return `the block files in ${this.#directory}`;
  }
}
