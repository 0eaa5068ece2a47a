/** `driftlock id`: who a data directory is. */

import type { Command } from 'commander';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { NodeKeyDisk } from '../identity/key-disk.ts';
import { loadIdentity } from '../identity/load-identity.ts';
import { requiredDatadir } from './required-datadir.ts';
import { printLine, printWarning, type Terminal } from './terminal.ts';

export function addIdCommand(program: Command, terminal: Terminal): void {
  program
    .command('id')
    .summary('print the peer id of a data directory')
    .description(
      'Prints the peer id of a data directory, which others name with --member. The first use makes the directory and ' +
        'the key, .driftlock/key (mode 0600). Whoever has the key is this node: keep it, and copy it nowhere.',
    )
    .option('--datadir <dir>', 'the data directory')
    .addHelpText('after', '\nExamples:\n  driftlock id --datadir /var/lib/driftlock')
    .action(async ({ datadir }: { readonly datadir?: string }) => {
      const layout = requiredDatadir(datadir);
      const { identity, openToOthers } = await loadIdentity(new NodeKeyDisk(), layout, process.pid);
      if (openToOthers) printWarning(terminal, openKeyWarning(layout.key));
      printLine(terminal.stdout, peerIdText(identity.node));
    });
}

export function openKeyWarning(path: string): string {
  return `${path}: expected mode 0600, found one that lets others read it; whoever has read it can be this node`;
}
