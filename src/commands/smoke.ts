import { randomBytes } from 'node:crypto';
import { runSmoke } from '../checks/smoke.js';
import type { StepResult } from '../checks/steps.js';
import { sentToken } from '../config.js';
import { EXIT, RiskopsError } from '../errors.js';
import { startServer } from '../serving/server.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { serveOptions } from './serve-options.js';

export const command: Command = {
  options: [
    {
      flag: '--url <url>',
      description: 'the running server; without it one is started on a free port for the check',
    },
    { flag: '--allow-no-model', description: 'pass when no model is current' },
    { flag: '--timeout-ms <number>', description: 'the longest a request may take; 10000 when not given' },
    { flag: '--latency-ms <number>', description: 'the slowest single row that passes; 1000 when not given' },
  ],
  details:
    'A server that asks for a token is sent the one in RISKOPS_TOKEN; the role viewer is enough.\nExit code: 0 all steps passed, 1 one failed, 74 no server answered.',
  examples: ['riskops smoke', 'riskops smoke --url http://127.0.0.1:8000'],
  async run({ flags, project, output }) {
    const url = flags['url'] as string | undefined;
    if (url !== undefined && !URL.canParse(url))
      throw new RiskopsError('OPTION_INVALID', {
        what: `--url ${url} is not a URL.`,
        fix: 'riskops smoke --url http://127.0.0.1:8000',
      });
    const timeoutMs = wholeNumber(flags, 'timeoutMs', { min: 1, otherwise: 10_000 });
    const latencyMs = wholeNumber(flags, 'latencyMs', { min: 1, otherwise: 1_000 });
    // A server of this check's own is for this check alone, whoever else may use the store.
    const token = url === undefined ? randomBytes(32).toString('base64url') : sentToken();
    const options = serveOptions({ flags: {}, project });
    const server =
      url === undefined
        ? await startServer({
            ...options,
            ...{ host: '127.0.0.1', port: 0 },
            log: { mode: 'off' },
            auth: { ...options.auth, ownToken: token },
          })
        : undefined;
    try {
      const report = await runSmoke({
        url: url ?? (server as { url: string }).url,
        places: server && project.places,
        allowNoModel: flags['allowNoModel'] === true,
        timeoutMs,
        latencyMs,
        token,
        retries: server ? 0 : 20,
      });
      output.result(report, () => [
        ...report.steps.map(stepLine),
        report.ok ? 'Smoke check passed.' : 'Smoke check failed.',
      ]);
      return report.ok ? undefined : EXIT.REJECTED;
    } finally {
      await server?.close();
    }
  },
};

/** `ok      predict      8 rows scored (12 ms)` */
export const stepLine = ({ name, ok, message, ms }: StepResult) =>
  `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(12)}  ${message} (${ms} ms)`;
