import { printable } from '../../../util/text.js';
import { measureDrift } from '../../drift.js';
import type { DriftRule } from '../alerts-config.js';
import { modelOf, type Observation, type RuleContext } from './observation.js';

const STATES = { drift: 'breach', 'no drift': 'fine', undecided: 'unknown' } as const;
const FEATURES_SHOWN = 10;

/** The verdict of `riskops drift` on the rows of the window that ends now. */
export async function lookAtDrift(rule: DriftRule, context: RuleContext): Promise<Observation[]> {
  const { store, now } = context;
  const model = await modelOf(rule.model, context);
  const report = await measureDrift(store, {
    model,
    from: new Date(now.getTime() - rule.since).toISOString(),
    to: now.toISOString(),
    leastEffect: rule.leastEffect ?? undefined,
  });
  const drifted = [...report.features, ...(report.scores === null ? [] : [report.scores])].filter(
    (part) => part.drifted,
  );
  const details = {
    version: report.version,
    rows: report.window.rows,
    drifted: drifted
      .slice(0, FEATURES_SHOWN)
      .map(({ name, kind, effect, shift, p }) => ({ name, kind, effect, shift, p })),
  };
  const summary = printable(report.sentence, 400);
  return [{ model, subject: model, state: STATES[report.verdict], summary, details }];
}
