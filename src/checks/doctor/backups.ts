import { listBackups } from '../../storage/backup/backup-files.js';
import type { DoctorCheck } from './check.js';

const HOUR_MS = 60 * 60 * 1000;
const OLD_HOURS = 7 * 24;

/** The newest backup of the database. */
export const backups: DoctorCheck = {
  name: 'backups',
  async run({ places, store }) {
    if (!store) return [];
    const newest = listBackups(places.database).at(-1);
    if (newest === undefined)
      return [{ severity: 'ok', message: 'There is no backup yet; one is made by riskops backup.' }];
    const hours = Math.max(0, Math.floor((Date.now() - Date.parse(newest.taken_at)) / HOUR_MS));
    const message = `The newest backup is ${hours} hour(s) old.`;
    if (hours <= OLD_HOURS) return [{ severity: 'ok', message, path: newest.path }];
    return [{ severity: 'warning', message, remedy: 'riskops backup', path: newest.path }];
  },
};
