import { EXIT } from '../errors.js';
import { pointerState } from '../registry/current.js';
import { verifyAudit } from '../registry/verify-audit.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';

export const command: Command = {
  options: [
    { flag: '--expect <hash>', description: 'a head that was noted earlier; it must still be in the chain' },
  ],
  details:
    'Recomputes the chain of hashes over all promotions, rollbacks, retirements and approvals, compares what is current with it, and checks each gate report and model file that it names, and the triggers that guard it. Note the head it prints in a place of your own: with --expect it shows when rows were cut off or the whole chain was written anew.\nExit code: 0 unbroken, 1 broken; the answer names the row.',
  examples: ['riskops audit verify', 'riskops audit verify --expect 4f0c...64 hex digits... --json'],
  async run({ flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const check = await verifyAudit(store, { expect: flags['expect'] as string | undefined });
      const { ok, broken, rows, head, reports, files, expected } = check;
      // An empty history holds, and so does that of another store.
      if (ok && (await pointerState(store)).state === 'foreign')
        output.talk(
          'Warning: current.json names a promotion that this history does not have: it may be that of another store. Try: riskops doctor',
        );
      output.result(check, () => {
        if (!ok) return [`BROKEN${broken?.sequence ? ` at row ${broken.sequence}` : ''}: ${broken?.why}.`];
        return [
          `Unbroken: ${rows} row(s), ${reports} gate report(s), ${files} model file(s).`,
          ...(expected === null ? [] : [`The expected hash is row ${expected.sequence}.`]),
          ...(head === null ? [] : [`Head: ${head}`]),
        ];
      });
      return ok ? EXIT.DONE : EXIT.REJECTED;
    });
  },
};
