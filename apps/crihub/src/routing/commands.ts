import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../output/examples.ts';
import { drain } from './drain.ts';
import { explain } from './explain.ts';
import { reload } from './reload.ts';

/** Adds the commands about which handler takes which pods. */
export function addRoutingCommands(program: Command, context: Context): void {
  program
    .command('explain')
    .description('say why a pod is on its handler')
    .argument('<pod>', 'its id or the beginning of it, or namespace/name')
    .addHelpText('after', examples('crihub explain 3f2a', 'crihub explain default/web-0'))
    .action(async (pod: string) => await explain(context, pod));
  program
    .command('drain')
    .description(
      'let a handler take no new pods; those that it has run on. It holds until undrain, over restarts too',
    )
    .argument('<handler>', 'its name in the configuration')
    .addHelpText('after', examples('crihub drain docker'))
    .action(async (handler: string) => await drain(context, handler, true));
  program
    .command('undrain')
    .description('let a drained handler take new pods again')
    .argument('<handler>', 'its name in the configuration')
    .addHelpText('after', examples('crihub undrain docker'))
    .action(async (handler: string) => await drain(context, handler, false));
  program
    .command('reload')
    .description(
      'have the daemon read its configuration again: handlers, shares of experiments and the log level change at once, ' +
        'the rest is said to need a restart. If something in it is wrong, nothing changes',
    )
    .addHelpText('after', examples('crihub reload', 'crihub reload -o json'))
    .action(async () => await reload(context));
}
