import { bashScript } from './completion-bash.js';
import { fishScript } from './completion-fish.js';
import { commandWords } from './completion-words.js';
import { zshScript } from './completion-zsh.js';

/** The scripts by their shells. It loads every command, so the build keeps what it gives in `dist/completion/`. */
export async function completionScripts(): Promise<Record<'bash' | 'zsh' | 'fish', string>> {
  const commands = await commandWords();
  return { bash: bashScript(commands), zsh: zshScript(commands), fish: fishScript(commands) };
}
