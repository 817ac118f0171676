import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../output/examples.ts';
import { bench, type BenchOptions } from './bench.ts';
import { listExperiments } from './list-experiments.ts';
import { type ReportOptions, showReport } from './show-report.ts';
import { showExperiment } from './show-experiment.ts';

/** Adds the commands that compare handlers. */
export function addExperimentCommands(program: Command, context: Context): void {
  const group = program
    .command('experiment')
    .description('look at experiments, which give their pods to several handlers to compare them')
    .addHelpText('after', examples('crihub experiment list', 'crihub experiment report trial'));
  group
    .command('list')
    .description('list the experiments with their arms, and how many pods each was given')
    .addHelpText('after', examples('crihub experiment list', 'crihub experiment list -o json'))
    .action(async () => await listExperiments(context));
  group
    .command('show')
    .description('show one experiment: its settings, its arms, and who was excluded')
    .argument('<name>', 'of the experiment, as the list has it')
    .addHelpText('after', examples('crihub experiment show trial'))
    .action(async (name: string) => await showExperiment(context, name));
  group
    .command('report')
    .description('compare the arms: times of each phase, failures, overhead, and what of it may be chance')
    .argument('<name>', 'of the experiment, as the list has it')
    .addOption(new Option('--html <file>', 'write it with plots as one page to a file, in place of a table'))
    .addHelpText(
      'after',
      examples('crihub experiment report trial', 'crihub experiment report trial --html trial.html'),
    )
    .action(async (name: string, options: ReportOptions) => await showReport(context, name, options));
  addBench(program, context);
}

function addBench(program: Command, context: Context): void {
  program
    .command('bench')
    .description(
      'compare handlers by pods made for it: in each round one on every handler, in random order. The node should be otherwise quiet',
    )
    .requiredOption(
      '--handlers <names>',
      'handlers, with commas; the others are compared with the first',
      commaList,
    )
    .requiredOption('--image <reference>', 'an image on the node that has sh, sleep and true')
    .addOption(new Option('-n, --pods <count>', 'pods for each handler').default(30).argParser(positive))
    .addOption(
      new Option(
        '--hold <seconds>',
        'how long each pod runs; CPU time is only told of pods that run for 3 seconds or more',
      )
        .default(0)
        .argParser(seconds),
    )
    .addOption(
      new Option(
        '--cgroup-parent <path>',
        "parent of the pods' cgroups, as the kubelet would give it",
      ).default('', "one of crihub's own"),
    )
    .option('--html <file>', 'write the report with plots as one page to a file, in place of a table')
    .addHelpText(
      'after',
      examples(
        'crihub bench --handlers runc,crun,docker --image busybox:1.37',
        'crihub bench --handlers runc,kata --image busybox:1.37 -n 100 --html bench.html',
      ),
    )
    .action(async (options: BenchOptions) => await bench(context, options));
}

const commaList = (text: string): readonly string[] => [...new Set(text.split(',').filter(Boolean))];

function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0 && value <= 10_000) return value;
  throw new InvalidArgumentError('It must be a whole number from 1 to 10000.');
}

function seconds(text: string): number {
  const value = Number(text);
  if (value >= 0 && value <= 3_600) return value;
  throw new InvalidArgumentError('It must be a number of seconds from 0 to 3600.');
}
