import type { CommandNode, CompletableOption } from './command-tree.ts';

/** Completion for fish; no program is run while the operator types. */
export function fishCompletion(program: string, nodes: readonly CommandNode[]): string {
  const at = `__${program}_at`;
  const known = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')));
  return `# fish completion for ${program}: ${program} completion fish | source
function ${at}
  set -l at
  for word in (commandline -opc)[2..]
    contains -- "$(string join ' ' $at $word)" ${known.join(' ')}; and set -a at $word
  end
  test "$(string join ' ' $at)" = "$argv"
end
${nodes.flatMap((node) => nodeLines(program, at, node)).join('\n')}
`;
}

function nodeLines(program: string, at: string, { path, subcommands, options }: CommandNode): string[] {
  const start = `complete -c ${program} -n ${quoted(`${at} ${path.join(' ')}`.trim())}`;
  return [
    ...subcommands.map(({ name, description }) => `${start} -f -a ${name} -d ${quoted(description)}`),
    ...options.map((option) => `${start} ${optionWords(option)}`),
  ];
}

function optionWords({ flags, description, takesValue, choices }: CompletableOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = choices.length > 0 ? [`-x -a ${quoted(choices.join(' '))}`] : takesValue ? ['-r'] : [];
  return [...names, ...value, `-d ${quoted(description)}`].join(' ');
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
