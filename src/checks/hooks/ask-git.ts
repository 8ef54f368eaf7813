import { runGit } from '../../tracking/git.js';

const LIMIT_BYTES = 64 * 1024;

/** The one line that git answers about the repository of `folder`; null when it refuses, or is not there. */
export async function askGit(folder: string, words: string[]): Promise<string | null> {
  const answer = await runGit(folder, LIMIT_BYTES, words);
  return answer === undefined
    ? null
    : Buffer.from(answer.output)
        .toString('utf8')
        .replace(/\r?\n$/, '');
}
