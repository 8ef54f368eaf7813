import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RiskopsError } from '../errors.js';
import { packageRoot } from '../util/package.js';
import { printable, suggestWord } from '../util/text.js';
import type { Command } from './command.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export const command: Command = {
  args: '[shell]',
  options: [
    {
      flag: '--complete <what>',
      description: 'the names that the script asks for: runs or models; a store that cannot be read has none',
      choices: ['runs', 'models'],
    },
  ],
  withoutConfig: true,
  details:
    'Shells: bash, zsh, fish. Put the script into a file: eval "$(riskops completion bash)" in .bashrc does the same and starts Node for each new shell.',
  examples: [
    'riskops completion bash > ~/.local/share/bash-completion/completions/riskops',
    'riskops completion zsh > ~/.zfunc/_riskops',
    'riskops completion fish > ~/.config/fish/completions/riskops.fish',
  ],
  async run({ args: [shell], flags, output }) {
    const asked = flags['complete'] as string | undefined;
    if (asked !== undefined) {
      const { namesFor } = await import('./completion-names.js');
      const names = await namesFor(asked, flags['dir'] as string | undefined);
      output.result(names, () => names.map(({ name, text }) => `${name}\t${text}`));
      return undefined;
    }
    const script = scriptFor(checkShell(shell));
    output.result({ shell, script }, () => [script.trimEnd()]);
    return undefined;
  },
};

function checkShell(shell: string | undefined): Shell {
  const known = SHELLS.find((name) => name === shell);
  if (known !== undefined) return known;
  throw new RiskopsError('USAGE', {
    what:
      shell === undefined
        ? 'Which shell is the script for?'
        : `"${printable(shell, 60)}" is not a shell that riskops knows.`,
    why: suggestWord(shell ?? '', SHELLS),
    fix: 'riskops completion bash',
  });
}

/** The script as the build wrote it: making it loads every command. */
function scriptFor(shell: Shell): string {
  return readFileSync(join(packageRoot(), 'dist', 'completion', shell), 'utf8');
}
