import { v7 } from 'uuid';
import type { LoggedPrediction } from '../../src/monitoring/prediction-log.js';
import type { Store } from '../../src/storage/store.js';
import { toJson } from '../../src/util/json.js';

/** A prediction that was made at a moment, with an id of that moment. */
export function predictionAt(at: string, change: Partial<LoggedPrediction> = {}): LoggedPrediction {
  return {
    id: v7({ msecs: Date.parse(at) }),
    ...{ at, request_id: 'r-1', model: 'credit', version: 1 },
    ...{ inputs: { income: 0.5, age: 40, region: '서울', owner: true }, prediction: 0.5, class: 'bad' },
    ...change,
  };
}

/** Writes predictions as the log does: sorted by id, in segments of so many rows. */
export async function writeLog(
  store: Store,
  entries: readonly LoggedPrediction[],
  rowsInSegment = 100,
): Promise<void> {
  const sorted = entries.slice().sort((a, b) => (a.id < b.id ? -1 : 1));
  const segments = Array.from({ length: Math.ceil(sorted.length / rowsInSegment) }, (_, i) =>
    sorted.slice(i * rowsInSegment, (i + 1) * rowsInSegment),
  );
  await store.write(async (tables) => {
    for (const rows of segments) {
      const content = Buffer.from(rows.map((row) => `${toJson(row)}\n`).join(''));
      const [first_id, last_id] = [rows[0].id, rows[rows.length - 1].id];
      await tables
        .insertInto('prediction_segments')
        .values({ first_id, last_id, rows: rows.length, written_at: rows[0].at, content })
        .execute();
    }
  });
}
