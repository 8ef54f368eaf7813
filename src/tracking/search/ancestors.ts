import { sql } from 'kysely';
import type { Store } from '../../storage/store.js';
import { list } from './filter-sql.js';

/**
 * The runs above the given ones, to whatever depth, that are not among them: parents, their parents and so on, oldest
 * first; also those in the trash. All are named by their `sequence`.
 */
export async function findAncestors(store: Store, sequences: number[]): Promise<number[]> {
  if (sequences.length === 0) return [];
  // A union without doubles ends also where a run were its own ancestor.
  const { rows } = await sql<{ sequence: number }>`
    with recursive above (run_id) as (
      select parent_run_id from runs where sequence in (${list(sequences)}) and parent_run_id is not null
      union
      select p.parent_run_id from above join runs p on p.run_id = above.run_id where p.parent_run_id is not null
    )
    select r.sequence from runs r
    where r.run_id in (select run_id from above) and r.sequence not in (${list(sequences)})
    order by r.sequence`.execute(store.db);
  return rows.map((row) => row.sequence);
}
