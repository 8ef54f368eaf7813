import { resolve } from 'node:path';
import { RiskopsError } from '../errors.js';
import { exportStore } from '../pipeline/archive/export-store.js';
import { parseVersion } from '../registry/versions.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';

export const command: Command = {
  options: [
    { flag: '--out <file>', description: 'the archive to write, .tar or .tar.gz' },
    { flag: '--all', description: 'everything: runs, models, history, aliases and the holdout ledger' },
    {
      flag: '--runs <ids...>',
      description: 'these runs, with those above and below them and the versions they made',
    },
    { flag: '--model <name>', description: 'the versions of this model, with their runs' },
    { flag: '--version <number>', description: 'only this version of --model' },
    { flag: '--predictions', description: 'with --all, the prediction log too' },
  ],
  details:
    'The same content gives the same bytes. Files on record that are gone or damaged are left out and named.\nExit code: 0 written, 2 usage or the file is there already, 4 no such run or model.',
  examples: [
    'riskops export --all --out store.tar.gz',
    'riskops export --runs 3f2a91bc --out run.tar.gz',
    'riskops export --model credit --version 3 --out credit-3.tar.gz',
  ],
  async run({ flags, project, output, signal }) {
    const out = outOf(flags);
    const all = flags['all'] === true;
    const version = flags['version'] as string | undefined;
    const model = flags['model'] as string | undefined;
    if (flags['predictions'] && !all)
      throw new RiskopsError('USAGE', {
        what: '--predictions goes with --all.',
        fix: `riskops export --all --predictions --out FILE`,
      });
    if (version !== undefined && model === undefined)
      throw new RiskopsError('USAGE', {
        what: '--version goes with --model.',
        fix: 'riskops export --model NAME --version N --out FILE',
      });
    return withStore(project, 'read', async (store) => {
      const choice = {
        all,
        runs: flags['runs'] as string[] | undefined,
        model,
        version: version === undefined ? undefined : parseVersion(version),
        predictions: flags['predictions'] === true,
      };
      const onProgress = (text: string) => output.progress(text);
      const done = await exportStore(store, out, choice, { onProgress, signal });
      for (const key of done.missing.slice(0, 10))
        output.talk(`Warning: left out, since it is gone or damaged: ${key}`);
      output.result(done, () => [
        `Exported ${done.runs} run(s), ${done.versions} version(s) and ${done.files} file(s): ${done.path} (${done.bytes} bytes).`,
        ...(done.missing.length === 0
          ? []
          : [`${done.missing.length} files on record were gone or damaged: riskops doctor`]),
        `Elsewhere: riskops import ${done.path}`,
      ]);
      return undefined;
    });
  },
};

function outOf(flags: Record<string, unknown>): string {
  const out = flags['out'] as string | undefined;
  if (out !== undefined && /\.(tar|tar\.gz|tgz)$/.test(out)) return resolve(out);
  throw new RiskopsError('USAGE', {
    what: out === undefined ? 'Where is the archive to be written?' : 'An export is a .tar, .tar.gz or .tgz.',
    why: out === undefined ? '--out says it.' : 'Its name decides whether it is zipped.',
    fix: 'riskops export --all --out store.tar.gz',
  });
}
