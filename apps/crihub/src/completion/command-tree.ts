import type { Command, Option } from 'commander';

/** What can follow the words `crihub images`, say. */
export interface CommandNode {
  /** The words of the subcommand, without the program's name: `['images', 'pull']`; none for the program. */
  readonly path: readonly string[];
  readonly subcommands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletableOption[];
}

export interface CompletableOption {
  /** `-o`, `--output` */
  readonly flags: readonly string[];
  readonly description: string;
  /** Whether a value follows it. */
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

const HELP: CompletableOption = {
  flags: ['-h', '--help'],
  description: 'display help for command',
  takesValue: false,
  choices: [],
};

/** The program and all of its subcommands; each has the program's options too. */
export function commandTree(program: Command): readonly CommandNode[] {
  const global = program.options.map(completable);
  return nodesBelow(program, []).map((node) =>
    node.path.length === 0 ? node : { ...node, options: [...node.options, ...global] },
  );
}

function nodesBelow(command: Command, path: readonly string[]): readonly CommandNode[] {
  const { commands } = command;
  return [
    {
      path,
      subcommands: commands.map((sub) => ({ name: sub.name(), description: firstLine(sub.description()) })),
      options: [...command.options.map(completable), HELP],
    },
    ...commands.flatMap((sub) => nodesBelow(sub, [...path, sub.name()])),
  ];
}

const completable = (option: Option): CompletableOption => ({
  flags: [option.short, option.long].filter((flag) => flag !== undefined),
  description: firstLine(option.description),
  takesValue: option.required || option.optional,
  choices: option.argChoices ?? [],
});

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
