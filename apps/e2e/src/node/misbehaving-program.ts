import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A program in front of a real one that can be told to misbehave for one word of its command. */
export class MisbehavingProgram {
  readonly path: string;
  readonly #scripts: string;

  private constructor(file: string, scripts: string) {
    this.path = file;
    this.#scripts = scripts;
  }

  /**
   * @param file where it is made; @param real what it stands in front of.
   * @param word a shell expression for the word, such as `$CNI_COMMAND`; absent: the first argument that has a script.
   */
  static async make(file: string, real: string, word = '$@'): Promise<MisbehavingProgram> {
    const scripts = `${file}.misbehaviour`;
    await mkdir(scripts, { recursive: true });
    const lines = [
      '#!/bin/sh',
      `for word in ${word}; do`,
      `  case $word in */*) continue ;; esac`,
      `  if [ -f "${scripts}/$word" ]; then . "${scripts}/$word"; fi`,
      'done',
      `exec ${real} "$@"`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    await chmod(file, 0o755);
    return new MisbehavingProgram(file, scripts);
  }

  /** From now on the shell script runs in place of the program for this word, unless it does not exit. */
  async misbehave(word: string, script: string): Promise<void> {
    await writeFile(path.join(this.#scripts, word), `${script}\n`);
  }

  async behave(): Promise<void> {
    await rm(this.#scripts, { recursive: true });
    await mkdir(this.#scripts);
  }
}
