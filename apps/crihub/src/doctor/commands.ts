import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../output/examples.ts';
import { DEFAULT_CONFIG, doctor } from './doctor.ts';

/** Adds `crihub doctor`. */
export function addDoctorCommand(program: Command, context: Context): void {
  program
    .command('doctor')
    .description(
      'look at what pods need on this node, and say what is wrong and what to do\n' +
        'It works without the daemon. Exit code 1 if anything is an error.',
    )
    .option('-c, --config <file>', "the daemon's configuration file", DEFAULT_CONFIG)
    .addHelpText('after', examples('crihub doctor', 'crihub doctor --config ./crihub.yaml -o json'))
    .action(async ({ config }: { readonly config: string }) => {
      const socket = program.getOptionValueSource('socket') === 'default' ? undefined : context.socket;
      if (!(await doctor(context, { config, socket }))) process.exitCode = 1;
    });
}
