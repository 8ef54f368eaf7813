import { existsSync } from 'node:fs';
import { sql } from 'kysely';
import { promotionsNamed } from '../../registry/store-witness.js';
import { databaseSchemaFault } from '../../storage/database/sqlite-check.js';
import type { StorePlaces } from '../../storage/store.js';
import type { DoctorCheck, Finding } from './check.js';
import { bringBack } from './doctor-finding.js';
import { bringBackOwn } from './own-store.js';

/** SQLite's own integrity check, the foreign keys, and the triggers that guard what is only appended to. */
export const database: DoctorCheck = {
  name: 'database',
  async run({ places, store }) {
    if (!store) return existsSync(places.database) ? [] : [absence(places)];
    const integrity = await sql<{ integrity_check: string }>`pragma integrity_check(20)`.execute(store.db);
    const keys = await sql<{ table: string }>`pragma foreign_key_check`.execute(store.db);
    const faults = integrity.rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
    const orphans = [...new Set(keys.rows.map((row) => row.table))];
    const schema = await databaseSchemaFault(places.database);
    const found = { severity: 'error' as const, remedy: bringBack(places), path: places.database };
    return [
      ...faults.slice(0, 5).map((line) => ({ ...found, message: `The database is damaged: ${line}.` })),
      ...orphans.map((table) => ({ ...found, message: `Rows of ${table} refer to rows that are gone.` })),
      ...(schema === undefined ? [] : [{ ...found, message: `The database was changed: ${schema}.` }]),
      ...(faults.length + orphans.length === 0 && schema === undefined
        ? [{ severity: 'ok' as const, message: 'The database is whole.', path: places.database }]
        : []),
    ];
  },
};

/** No store yet is no fault; one that is gone while its files are here is. */
function absence(places: StorePlaces): Omit<Finding, 'check'> {
  const path = places.database;
  if (promotionsNamed(places.currentModel).length === 0)
    return {
      severity: 'warning',
      message: 'There is no store yet.',
      remedy: 'riskops init, then riskops train',
      path,
    };
  return {
    severity: 'error',
    message: 'The database is gone, and current.json names what was promoted in it.',
    remedy: bringBackOwn(places),
    path,
  };
}
