import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { type LogOptions, showLog } from '../logs/show-log.ts';
import { examples } from '../output/examples.ts';
import { exec, type ExecOptions } from './exec.ts';
import { type ListOptions, showContainers } from './list-containers.ts';

const CONTAINER = "name, pod/name, or the id's beginning";
const EXEC_TIMEOUT_SECONDS = 60;

/** Adds `crihub ps`, `logs` and `exec`. */
export function addContainerCommands(program: Command, context: Context): void {
  program
    .command('ps')
    .description('list the containers that run')
    .option('-a, --all', 'also those that have ended, or were not started')
    .addHelpText('after', examples('crihub ps', 'crihub ps -a -o json'))
    .action(async (options: ListOptions) => await showContainers(context, options));
  program
    .command('logs')
    .description("print a container's log; what it wrote to standard error goes to standard error")
    .argument('<container>', CONTAINER)
    .option('-f, --follow', 'go on until the container ends')
    .option('--tail <lines>', 'only so many lines from the end', wholeNumber)
    .option('-t, --timestamps', 'put the time before each line')
    .addHelpText('after', examples('crihub logs web', 'crihub logs -f --tail 20 shop/web'))
    .action(async (container: string, options: LogOptions) => await showLog(context, container, options));
  program
    .command('exec')
    .description('run a program in a container, without input; ends with its exit code')
    .argument('<container>', CONTAINER)
    .argument('<command...>', 'the program and its arguments, after --')
    .option('--timeout <seconds>', 'kill it after this time; 0 for never', wholeNumber, EXEC_TIMEOUT_SECONDS)
    .showHelpAfterError('(put -- before the program: crihub exec web -- ls -l)')
    .addHelpText(
      'after',
      examples('crihub exec web -- cat /etc/resolv.conf', 'crihub exec web -- sh -c "ls /"'),
    )
    .action(async (container: string, command: string[], options: ExecOptions) => {
      process.exitCode = await exec(context, container, command, options);
    });
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
