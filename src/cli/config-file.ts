/** The configuration of a node from flags, the environment and the file that `--config` names. */

import { availableParallelism } from 'node:os';
import { nodeConfig, type NodeConfig } from '../config/node-config.ts';
import { nameInFile, readConfigFile } from '../config/read-settings.ts';
import type { Settings } from '../config/settings.ts';
import { withTokenOf } from '../config/write-token.ts';
import { NodeDisk } from '../disk/node-disk.ts';
import { parsePath } from './flag-values.ts';

/** `config`: the value of `--config`. Throws what {@link nodeConfig} and {@link readConfigFile} throw. */
export async function configWith(flags: Settings, config: string | undefined): Promise<NodeConfig> {
  const path = parsePath(config, '--config', 'a file with one JSON object');
  const file = withTokenOf(process.env, path === undefined ? {} : await readConfigFile(new NodeDisk(), path));
  return nodeConfig({ flags, file, nameInFile: nameInFile(config ?? '--config') }, availableParallelism());
}
