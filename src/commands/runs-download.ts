import { basename } from 'node:path';
import { EXIT } from '../errors.js';
import { downloadArtifacts } from '../tracking/download.js';
import { getRun } from '../tracking/read-runs.js';
import { printable } from '../util/text.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  args: '<run> [path]',
  options: [
    {
      flag: '--out <path>',
      description: "a folder, or for one file also a file; when not given a folder of the run's name, here",
    },
    { flag: '--force', description: 'write over files that are there' },
  ],
  details:
    'Writes artifacts of a run out of the store: all, one, or those below a path. Each is proved by its SHA-256 first; nothing is written through symbolic links.\nExit code: 0 done, 2 a file is there already, 4 no such run or artifact, 65 some could not be had (the others are there).',
  examples: [
    'riskops runs download 3f9c21aa',
    'riskops runs download 3f9c21aa plots/roc.svg --out roc.svg',
    'riskops runs download 3f9c21aa plots --out plots --force',
  ],
  async run({ args: [run, path], flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const { run_id, run_dir_name, artifacts } = await getRun(store, run);
      const isOne = artifacts.some((artifact) => artifact.path === path);
      const out = (flags['out'] as string | undefined) ?? (isOne && path ? basename(path) : run_dir_name);
      output.progress(`writing files of run ${run_id.slice(0, 8)}`);
      const done = await downloadArtifacts(store, run_id, { path, out, force: flags['force'] === true });
      for (const lost of done.failed) output.talk(`${printable(lost.path)}: ${lost.why}`);
      output.result(done, () =>
        formatTable(
          ['file', 'bytes', 'sha256'],
          done.files.map((file) => [file.to, file.bytes, file.sha256.slice(0, 12)]),
        ),
      );
      return done.failed.length === 0 ? undefined : EXIT.BAD_DATA;
    });
  },
};
