import { Argument, type Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../output/examples.ts';
import { bashCompletion, zshCompletion } from './bash.ts';
import { commandTree } from './command-tree.ts';
import { fishCompletion } from './fish.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** Adds `crihub completion`. */
export function addCompletionCommand(program: Command, context: Context): void {
  program
    .command('completion')
    .description('print what makes a shell complete the words of this command')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      examples(
        'source <(crihub completion bash)',
        'crihub completion bash > /etc/bash_completion.d/crihub',
        'crihub completion zsh > /usr/share/zsh/vendor-completions/_crihub',
        'crihub completion fish > ~/.config/fish/completions/crihub.fish',
      ),
    )
    .action(async (shell: keyof typeof SHELLS) => {
      await context.terminal().print(SHELLS[shell](program.name(), commandTree(program)).trimEnd());
    });
}
