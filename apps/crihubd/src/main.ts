import {
  loadConfig,
  parseConfig,
  renderDefaultConfig,
  describeSettings,
  renderSettingsTable,
  type Config,
  LOG_LEVELS,
  type LogLevel,
} from '@crihub/config';
import { describeError, kindOf, RuntimeError } from '@crihub/kernel';
import { PinoLogger } from '@crihub/observability';
import { Command, Option } from 'commander';
import { checkHandlers } from './backends.ts';
import { serve } from './serve.ts';
import { VERSION } from './version.ts';

const DEFAULT_CONFIG = '/etc/crihub/config.yaml';

const program = new Command('crihubd')
  .description(
    'A CRI v1 server that runs each pod on the isolation backend that its RuntimeClass names.\n' +
      'It serves the kubelet on one unix socket until SIGTERM; pods outlive it.',
  )
  .version(VERSION)
  .option('-c, --config <file>', 'configuration file', DEFAULT_CONFIG)
  .addOption(new Option('-l, --log-level <level>', 'overrides the configuration').choices(LOG_LEVELS))
  .addHelpText(
    'after',
    '\nExamples:\n' +
      '  crihubd                                   serve with /etc/crihub/config.yaml, or the defaults\n' +
      '  crihubd --config ./crihub.yaml            serve with another file\n' +
      '  crihubd config default > crihub.yaml      print every setting with its default\n' +
      '  crihubd config check ./crihub.yaml        say what is wrong with a file\n',
  )
  .action(async (options: { config: string; logLevel?: LogLevel }) => {
    const read = async (): Promise<Config> => {
      const config = await readConfig(options.config);
      return { ...config, logLevel: options.logLevel ?? config.logLevel };
    };
    const config = await read();
    const logger = PinoLogger.create({ level: config.logLevel });
    process.exitCode = await serve({ config, read }, options.config, logger);
  });

const config = program.command('config').description('look at the configuration');
config
  .command('default')
  .description('print a file that says what is so without one')
  .action(() => {
    process.stdout.write(renderDefaultConfig());
  });
config
  .command('check')
  .description('say what is wrong with a file; exit code 1 if anything is')
  .argument('[file]', 'the file', DEFAULT_CONFIG)
  .action(async (file: string) => {
    const unusable = await checkHandlers(await loadConfig(file), file);
    if (unusable.length > 0) throw new RuntimeError('FailedPrecondition', unusable.join('\n'));
    process.stdout.write(`${file} is valid\n`);
  });
config
  .command('describe')
  .description('list every setting with its default and meaning')
  .option('--markdown', 'as the table of docs/configuration.md')
  .action(({ markdown }: { markdown?: true }) => {
    if (markdown) {
      process.stdout.write(renderSettingsTable());
      return;
    }
    for (const { name, default: value, meaning } of describeSettings()) {
      process.stdout.write(`${name}${value === '' ? '' : ` = ${value}`}\n    ${meaning}\n`);
    }
  });

/** The file; without one at the usual place, the defaults. */
async function readConfig(file: string): ReturnType<typeof loadConfig> {
  try {
    const config = await loadConfig(file);
    await checkHandlers(config, file);
    return config;
  } catch (error) {
    if (file === DEFAULT_CONFIG && kindOf(error) === 'NotFound') return parseConfig('', 'defaults');
    throw error;
  }
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`crihubd: ${describeError(error)}\n`);
  process.exitCode = 1;
}
