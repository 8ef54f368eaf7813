import { resolve } from 'node:path';
import { RiskopsError } from '../errors.js';
import { exportVersion } from '../pipeline/export-onnx.js';
import type { Command } from './command.js';
import { chosenModel, withStore } from './project-store.js';

export const command: Command = {
  args: '[model]',
  options: [
    { flag: '--format <format>', description: 'onnx', choices: ['onnx'] },
    { flag: '--out <file>', description: 'the file to write' },
  ],
  details:
    'MODEL or MODEL@VERSION; the current version when none is named. Random forests, gradient boosting and linear models can be written, with impute, one-hot, select and drop, and scale before linear models. The file takes a matrix "features" of float32 in the order of the signature, categories as their place in its list, and gives a matrix "prediction".\nExit code: 0 written, 2 the version cannot be written as ONNX.',
  examples: [
    'riskops models export credit --format onnx --out credit.onnx',
    'riskops models export credit@3 --format onnx --out credit-3.onnx',
  ],
  async run({ args, flags, project, output }) {
    const out = flags['out'];
    if (flags['format'] !== 'onnx' || typeof out !== 'string' || out === '') {
      throw new RiskopsError('USAGE', {
        what: flags['format'] === 'onnx' ? '--out is missing.' : '--format onnx is missing.',
        why: 'An export needs the format and the file to write.',
        fix: 'riskops models export MODEL --format onnx --out FILE',
      });
    }
    const [name, version] = (args[0] ?? '').split('@', 2);
    return withStore(project, 'read', async (store) => {
      const model = await chosenModel(store, project, { model: name || undefined });
      const done = await exportVersion(store, { model, version, out: resolve(out) });
      output.result(done, () => [`${model} version ${done.version}: ${done.bytes} bytes, ${out}`]);
      return undefined;
    });
  },
};
