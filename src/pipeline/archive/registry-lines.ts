import type { Kysely } from 'kysely';
import type { Database } from '../../storage/database/schema.js';
import { toCanonicalJson } from '../../util/json.js';

const PAGE = 1_000;

/** What goes into `versions.ndjson`: each model, and its versions by number. The path of a file is the store's own matter. */
export async function* versionLines(
  db: Kysely<Database>,
  isChosen: (version: { model: string; version: number; run_id: string }) => boolean,
  isWhole: boolean,
): AsyncGenerator<string> {
  const models = await db.selectFrom('models').selectAll().orderBy('name').execute();
  for (const model of models) {
    const rows = await db
      .selectFrom('versions')
      .selectAll()
      .where('model', '=', model.name)
      .orderBy('version')
      .execute();
    const chosen = rows.filter(isChosen);
    if (chosen.length === 0 && !isWhole) continue;
    // A part of a model is numbered no further than its last version.
    const last_version = isWhole ? model.last_version : (chosen.at(-1)?.version ?? 0);
    yield toCanonicalJson({ model: { ...model, last_version } });
    for (const { path: _, ...version } of chosen) yield toCanonicalJson({ version });
  }
}

/** What goes into `registry.ndjson`: the history, what is current, marks, aliases and the holdout ledger. */
export async function* registryLines(db: Kysely<Database>): AsyncGenerator<string> {
  yield* bySequence(db, 'promotions', 'promotion');
  const current = await db.selectFrom('current_versions').selectAll().orderBy('model').execute();
  for (const row of current) yield toCanonicalJson({ current: row });
  const marks = await db
    .selectFrom('version_marks')
    .selectAll()
    .orderBy('model')
    .orderBy('version')
    .execute();
  for (const mark of marks) yield toCanonicalJson({ mark });
  const aliases = await db.selectFrom('aliases').selectAll().orderBy('model').orderBy('alias').execute();
  for (const alias of aliases) yield toCanonicalJson({ alias });
  yield* bySequence(db, 'holdout_uses', 'holdout_use');
}

async function* bySequence(
  db: Kysely<Database>,
  table: 'promotions' | 'holdout_uses',
  key: string,
): AsyncGenerator<string> {
  for (let last = 0; ; ) {
    const rows = await db
      .selectFrom(table as 'promotions')
      .selectAll()
      .where('sequence', '>', last)
      .orderBy('sequence')
      .limit(PAGE)
      .execute();
    for (const row of rows) yield toCanonicalJson({ [key]: row });
    if (rows.length < PAGE) return;
    last = rows[rows.length - 1].sequence;
  }
}

/** What goes into `predictions.ndjson`: the segments of the prediction log, their content as base64, then the outcomes. */
export async function* predictionLines(db: Kysely<Database>): AsyncGenerator<string> {
  for (let last = ''; ; ) {
    const rows = await db
      .selectFrom('prediction_segments')
      .selectAll()
      .where('first_id', '>', last)
      .orderBy('first_id')
      .limit(20)
      .execute();
    for (const { content, ...segment } of rows)
      yield toCanonicalJson({
        segment: { ...segment, content: Buffer.from(content).toString('base64') },
      });
    if (rows.length === 0) break;
    last = rows[rows.length - 1].first_id;
  }
  yield* outcomeLines(db);
}

/** Their order counts: of several outcomes of one thing the last one holds. */
async function* outcomeLines(db: Kysely<Database>): AsyncGenerator<string> {
  for (let last = 0; ; ) {
    const rows = await db
      .selectFrom('outcomes')
      .selectAll()
      .where('sequence', '>', last)
      .orderBy('sequence')
      .limit(PAGE)
      .execute();
    for (const { sequence: _, ...outcome } of rows) yield toCanonicalJson({ outcome });
    if (rows.length < PAGE) return;
    last = rows[rows.length - 1].sequence;
  }
}
