import { runDoctor } from '../checks/doctor/doctor.js';
import { EXIT } from '../errors.js';
import type { Command } from './command.js';

export const command: Command = {
  options: [
    {
      flag: '--fix',
      description:
        'write pointers and manifests anew from the database, remove half-written files older than a day',
    },
    { flag: '--deep', description: 'read every artifact, also where they are more than 256 MB' },
  ],
  details:
    'Looks at the installation, the database, rights and room on the disk, the history, the pointers, every model file and artifact, and what killed processes left. Writes nothing without --fix, and never deletes what is on record.\nExit code: 0 all is well or a warning, 1 something is wrong.',
  examples: ['riskops doctor', 'riskops doctor --fix', 'riskops doctor --deep --json'],
  async run({ flags, project, output }) {
    output.progress('looking');
    const diagnosis = await runDoctor({
      places: project.places,
      fix: flags['fix'] === true,
      deep: flags['deep'] === true,
    });
    output.result(diagnosis, () =>
      diagnosis.findings.flatMap(({ check, severity, message, remedy }) => [
        `${severity.padEnd(7)}  ${check}: ${message}`,
        ...(severity === 'ok' || remedy === undefined ? [] : [`         try: ${remedy}`]),
      ]),
    );
    return diagnosis.ok ? undefined : EXIT.REJECTED;
  },
};
