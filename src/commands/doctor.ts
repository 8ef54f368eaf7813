import { runDoctor } from '../checks/doctor/doctor.js';
import { EXIT } from '../errors.js';
import type { Command } from './command.js';

export const command: Command = {
  options: [{ flag: '--fix', description: 'rewrite pointers and manifests from the database' }],
  details:
    'Looks at the installation, the database, the history, the pointers and every model file. Writes nothing without --fix.\nExit code: 0 all is well, 1 something is wrong.',
  examples: ['riskops doctor', 'riskops doctor --fix'],
  async run({ flags, project, output }) {
    output.progress('looking');
    const diagnosis = await runDoctor({ places: project.places, fix: flags['fix'] === true });
    output.result(diagnosis, () =>
      diagnosis.findings.flatMap(({ check, severity, message, remedy }) => [
        `${severity.padEnd(7)}  ${check}: ${message}`,
        ...(severity === 'ok' || remedy === undefined ? [] : [`         try: ${remedy}`]),
      ]),
    );
    return diagnosis.ok ? undefined : EXIT.REJECTED;
  },
};
