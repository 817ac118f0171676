import type { CommandNode } from './command-tree.ts';

/** Completion for bash; no program is run while the operator types. */
export function bashCompletion(program: string, nodes: readonly CommandNode[]): string {
  const name = `_${program}`;
  const known = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quoted(` ${path.join(' ')}`));
  return `# bash completion for ${program}: source <(${program} completion bash)
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} at='' word words=''
  case $previous in
${valueCases(nodes)}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
    ${known.join(' | ')}) at="$at $word" ;;
    esac
  done
  case $at in
${nodes.map(wordsCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F ${name} ${program}
`;
}

/** The same for zsh, by its own layer for bash's completions. */
export const zshCompletion = (program: string, nodes: readonly CommandNode[]): string =>
  `#compdef ${program}
# zsh completion for ${program}: source <(${program} completion zsh)
autoload -U +X compinit && compinit -i
autoload -U +X bashcompinit && bashcompinit
${bashCompletion(program, nodes).split('\n').slice(1).join('\n')}`;

/** After an option that takes a value come its choices; without choices, what the shell offers itself. */
function valueCases(nodes: readonly CommandNode[]): string {
  const options = nodes.flatMap((node) => node.options).filter(({ takesValue }) => takesValue);
  const cases = options.map(({ flags, choices }) => {
    const reply =
      choices.length === 0
        ? 'COMPREPLY=()'
        : `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$current"))`;
    return `  ${flags.join(' | ')})\n    ${reply}\n    return\n    ;;`;
  });
  return [...new Set(cases)].join('\n');
}

function wordsCase({ path, subcommands, options }: CommandNode): string {
  const words = [...subcommands.map(({ name }) => name), ...options.flatMap(({ flags }) => flags)];
  return `  ${quoted(path.map((word) => ` ${word}`).join(''))}) words='${words.join(' ')}' ;;`;
}

const quoted = (text: string): string => `'${text}'`;
