import { resolve } from 'node:path';
import { openReplayFile } from '../monitoring/replay-file.js';
import { replayTraffic } from '../monitoring/replay-traffic.js';
import type { Command } from './command.js';
import { compareFlags, compareOptions } from './compare-flags.js';
import { replayLines } from './compare-text.js';
import { wholeNumber } from './flags.js';
import { withStore } from './project-store.js';

export const command: Command = {
  options: [
    ...compareFlags,
    { flag: '--limit <number>', description: 'at most so many predictions, oldest first; 100000' },
    { flag: '--out <file>', description: 'also write each row with both answers, as JSON on one line' },
  ],
  details:
    'Lets a version answer what the model was asked, by the inputs in the prediction log, and compares: how often both call the same class, which decisions change, how scores shift, which rows it cannot answer. Where outcomes are known: the metrics of both on the same rows, and the bootstrap of the gate, undecided where its rules about live rows are open. Changes nothing. Rows whose values were redacted are passed over and counted; a model that looks at the rows before each row cannot be replayed.',
  examples: [
    'riskops replay --since 7d',
    'riskops replay --version 3 --since 30d --out replayed.ndjson',
    'riskops replay --version latest --against 2 --json',
  ],
  async run({ flags, project, output }) {
    const limit = wholeNumber(flags, 'limit', { min: 1, otherwise: 100_000 });
    const out = flags['out'] === undefined ? null : resolve(String(flags['out']));
    return withStore(project, 'read', async (store) => {
      const options = await compareOptions(store, project, flags);
      const file = out === null ? null : openReplayFile(out);
      try {
        output.progress('answering what was logged');
        const report = await replayTraffic(store, { ...options, limit, onSlice: file?.write });
        file?.close();
        output.result(report, () => replayLines(report));
        return undefined;
      } finally {
        file?.drop();
      }
    });
  },
};
