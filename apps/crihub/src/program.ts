import { Command, Option } from 'commander';
import { addCompletionCommand } from './completion/commands.ts';
import { addContainerCommands } from './containers/commands.ts';
import { Context, type ContextDependencies, type GlobalOptions } from './context.ts';
import { addDoctorCommand } from './doctor/commands.ts';
import { addExperimentCommands } from './experiments/commands.ts';
import { addImageCommands } from './images/commands.ts';
import { addNodeCommands } from './node/commands.ts';
import { examples } from './output/examples.ts';
import { addRoutingCommands } from './routing/commands.ts';
import { VERSION } from './version.ts';

export const DEFAULT_SOCKET = '/run/crihub/crihub.sock';

/** The command with all its subcommands. */
export function makeProgram(streams: Omit<ContextDependencies, 'options'>): Command {
  const program = new Command('crihub')
    .description("Look at and work with crihub's pods, containers and images on this node.")
    .version(VERSION)
    .addOption(
      new Option('--socket <path>', "the daemon's unix socket")
        .env('CRIHUB_SOCKET')
        .default(DEFAULT_SOCKET)
        .argParser(socketPath),
    )
    .addOption(
      new Option('-o, --output <format>', 'for people or for programs')
        .choices(['table', 'json'])
        .default('table'),
    )
    .addHelpText('after', examples('crihub doctor', 'crihub pods', 'crihub images pull nginx:1.27'))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows what is possible)');
  const context = new Context({ ...streams, options: () => program.opts<GlobalOptions>() });
  addDoctorCommand(program, context);
  addNodeCommands(program, context);
  addRoutingCommands(program, context);
  addExperimentCommands(program, context);
  addContainerCommands(program, context);
  addImageCommands(program, context);
  addCompletionCommand(program, context);
  return program;
}

/** A path, also in the form that crictl and the kubelet take: `unix:///run/…`. */
const socketPath = (text: string): string => text.replace(/^unix:(\/\/)?/, '');
