/** The configuration of a node that another program starts: the settings of a file, from memory. */

import { availableParallelism } from 'node:os';
import { nodeConfig, type NodeConfig } from './node-config.ts';
import { parseSettings, type NameSetting } from './read-settings.ts';
import type { Settings } from './settings.ts';

/** There is neither a flag nor a file to name. */
const nameAlone: NameSetting = (setting) => setting;

/** Checks `settings` and fills in the defaults. Throws what `nodeConfig` throws; errors name the setting. */
export function configureNode(settings: Settings): NodeConfig {
  const given = { flags: {}, file: parseSettings(settings, nameAlone), nameInFile: nameAlone };
  return nodeConfig(given, availableParallelism());
}
