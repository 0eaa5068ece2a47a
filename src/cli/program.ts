/** All commands together, and how commander speaks for them. */

import { Command } from 'commander';
import { VERSION } from '../version.ts';
import { addAlertsCommand } from './alerts-command.ts';
import { addChaosCommand } from './chaos-command.ts';
import { addDemoCommand } from './demo-command.ts';
import { EXIT_CODES_HELP, type SetExitCode } from './exit-codes.ts';
import { addEvidenceCommand } from './evidence-command.ts';
import { addIdCommand } from './id-command.ts';
import { addInspectCommand } from './inspect-command.ts';
import { addRunCommand } from './run-command.ts';
import { addSimCommand } from './sim-command.ts';
import { addStatusCommand } from './status-command.ts';
import { addTopCommand } from './top-command.ts';
import { printError, type Terminal } from './terminal.ts';
import { addVerifyCommand } from './verify-command.ts';

/** A program that throws a `CommanderError` where commander would end the process. */
export function makeProgram(terminal: Terminal, setExitCode: SetExitCode): Command {
  const program = new Command('driftlock')
    .description('Data directories of stateless validators that converge across machines.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text) => printError(terminal, text.replace(/^error: /, '')) })
    .addHelpText(
      'after',
      `
${EXIT_CODES_HELP}

"driftlock COMMAND --help" prints examples. Colours follow NO_COLOR; DRIFTLOCK_DEBUG=1 adds stacks to errors.`,
    );
  addIdCommand(program, terminal);
  addRunCommand(program, terminal);
  addDemoCommand(program, terminal, setExitCode);
  addStatusCommand(program, terminal);
  addTopCommand(program, terminal);
  addAlertsCommand(program, terminal);
  addEvidenceCommand(program, terminal);
  addInspectCommand(program, terminal, setExitCode);
  addVerifyCommand(program, terminal, setExitCode);
  addSimCommand(program, terminal, setExitCode);
  addChaosCommand(program, terminal, setExitCode);
  return program;
}
