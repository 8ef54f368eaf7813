import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { changeCurrent, type PromotionRecord } from './change-current.js';
import { readPointer } from './current.js';
import { getModel } from './models.js';
import { noCurrentModel } from './no-current.js';

export interface RetireOptions {
  model: string;
  actor: string;
  reason: string;
}

/**
 * Makes no version of a model current: servers stop to answer for it, and say who retired it and why. A rollback
 * brings the last one back.
 * @throws RiskopsError MODEL_NOT_FOUND, NO_CURRENT_MODEL, OPTION_INVALID (no reason), and as `changeCurrent`
 */
export async function retireModel(
  store: Store,
  { model, actor, reason }: RetireOptions,
): Promise<PromotionRecord> {
  if (reason.trim() === '')
    throw new RiskopsError('OPTION_INVALID', {
      what: 'A retirement needs a reason.',
      why: 'Callers are told it, and the history keeps it.',
      fix: `riskops retire --model ${model} --reason "..."`,
    });
  const { name, current } = await getModel(store, model);
  if (current === null) throw noCurrentModel(readPointer(store.places.currentModel), name);
  return changeCurrent(store, {
    model: name,
    action: 'retire',
    to: null,
    actor,
    reason,
    verdict: null,
    gateReportSha256: null,
    isExpected: (now) => now?.version === current.version,
  });
}
