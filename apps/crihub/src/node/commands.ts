import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../output/examples.ts';
import { showPods } from '../pods/list-pods.ts';
import { audit } from './audit.ts';
import { showEvents } from './events.ts';
import { showHandlers } from './list-handlers.ts';

/** Adds the commands about the node as a whole. */
export function addNodeCommands(program: Command, context: Context): void {
  program
    .command('pods')
    .description('list the pods, with the handler that each was given')
    .addHelpText('after', examples('crihub pods', 'crihub pods -o json'))
    .action(async () => await showPods(context));
  program
    .command('handlers')
    .description('list the handlers that a RuntimeClass can name, and how each is')
    .addHelpText('after', examples('crihub handlers', 'crihub handlers -o json'))
    .action(async () => await showHandlers(context));
  program
    .command('events')
    .description('print what happens to pods and containers, as it happens')
    .addHelpText('after', examples('crihub events', 'crihub events -o json'))
    .action(async () => await showEvents(context));
  program
    .command('audit')
    .description('compare what the node has with what is written down, and mend the difference')
    .addHelpText('after', examples('crihub audit', 'crihub audit -o json'))
    .action(async () => await audit(context));
}
