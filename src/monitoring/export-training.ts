import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { toJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { type ExportRequest, exportedPredictions, RowReader } from './export-predictions.js';
import { VersionFactsReader } from './version-facts.js';

/** What became of the predictions that were asked for. */
export interface TrainingExport {
  /** Rows that were written. */
  rows: number;
  /** Predictions that nothing was told about yet. */
  without_outcome: number;
  /** Predictions of whose features the log does not keep all. */
  redacted: number;
}

/**
 * The rows of predictions as data to learn from, one JSON object a line: the features as they were scored, what names the thing, and what
 * really came under the name of the target. Whatever else was sent is no column of the data. Left out are predictions without an outcome,
 * and those with a feature that was redacted: a model that learned from them would take it for missing.
 * @param count is counted up as the rows are read
 * @throws RiskopsError MODEL_FILE_NOT_FOUND when no version is left that knows the target
 */
export async function* predictionsAsTraining(
  store: Store,
  request: ExportRequest,
  count: TrainingExport,
): AsyncGenerator<string> {
  const rows = new RowReader(store, request.model);
  const facts = new VersionFactsReader(store);
  // An answer of a version beside the promoted one is of the same row.
  const asked = { ...request, shadow: false, withOutcomes: true };
  const isOfData = (name: string, features: readonly string[]) =>
    features.includes(name) || request.entity?.includes(name) === true;
  for await (const chunk of exportedPredictions(store, asked)) {
    let lines = '';
    for (const entry of chunk) {
      const { version, outcome, redacted = [] } = entry;
      const known = (await facts.of(request.model, version)) ?? (await facts.ofModel(request.model));
      if (known === null) throw noTarget(request.model);
      const { features, target } = known;
      if (outcome === null || outcome === undefined) count.without_outcome++;
      else if (redacted.some((name) => features.includes(name))) count.redacted++;
      else {
        const fields = (await rows.fieldsOf(entry)).filter(([name]) => isOfData(name, features));
        lines += `${toJson({ ...Object.fromEntries(fields), [target]: outcome.value })}\n`;
        count.rows++;
      }
    }
    yield lines;
  }
}

function noTarget(model: string): RiskopsError {
  return new RiskopsError('MODEL_FILE_NOT_FOUND', {
    what: `What ${printable(model)} predicts is not known.`,
    why: 'The files of the version that answered and of the current one are gone or damaged.',
    fix: 'riskops doctor',
  });
}
