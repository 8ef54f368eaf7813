import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import type { PromotionRow } from './audit.js';
import { changeCurrent, type PromotionRecord } from './change-current.js';
import { getModel } from './models.js';
import { checkVersionFile, type VerifyFile } from './promote.js';
import { getVersion, parseVersion } from './versions.js';

export interface RollbackOptions {
  model: string;
  actor: string;
  reason: string;
  /** Any version that was current once; the one before the current when left out. */
  to?: number;
  verifyFile?: VerifyFile;
}

type Step = Pick<PromotionRow, 'action' | 'to_version'>;

/**
 * What was current one upon the other, the last one current now; null where a retirement left none. A promotion or a
 * retirement lays one on top; a rollback takes off what lies above the version it goes to, so the next one goes further
 * back. Approvals change nothing.
 * @param steps what was done to a model, oldest first
 */
export function replayCurrent(steps: readonly Step[]): (number | null)[] {
  const stack: (number | null)[] = [];
  for (const { action, to_version } of steps) {
    if (action === 'approve') continue;
    const below = action === 'rollback' ? stack.lastIndexOf(to_version, -2) : -1;
    if (below >= 0) stack.length = below + 1;
    else stack.push(to_version);
  }
  return stack;
}

interface RollbackRefused {
  model: string;
  /** undefined: nothing was ever promoted. null: it is retired. */
  current: number | null | undefined;
  /** As asked for. */
  to?: number;
  /** The model was retired before the current version was promoted: this version was current last. */
  retired?: number;
}

function nothingToRollBack({ model, current, to, retired }: RollbackRefused): RiskopsError {
  if (current === undefined) {
    return new RiskopsError('NOTHING_TO_ROLL_BACK', {
      what: `No version of ${model} is current.`,
      why: 'Nothing was promoted yet.',
      fix: 'riskops promote --latest',
    });
  }
  if (to === undefined) {
    const none = `No other version was current before version ${current}.`;
    return new RiskopsError('NOTHING_TO_ROLL_BACK', {
      what: `There is nothing to roll ${model} back to.`,
      why:
        retired === undefined
          ? none
          : `Before version ${current} none was current: version ${retired} had been retired.`,
      fix:
        retired === undefined
          ? `riskops history ${model}`
          : `riskops retire --model ${model}, or if it must be: riskops rollback --model ${model} --to ${retired}`,
    });
  }
  return new RiskopsError('NOTHING_TO_ROLL_BACK', {
    what: `${model} cannot be rolled back to version ${to}.`,
    why: to === current ? 'It is the current version.' : 'It never was current; a new version is promoted.',
    fix: to === current ? `riskops history ${model}` : `riskops promote --model ${model} --version ${to}`,
  });
}

/** The nearest older version that was current and whose file is good. */
async function olderGoodVersion(
  store: Store,
  model: string,
  older: readonly number[],
  verifyFile: VerifyFile | undefined,
): Promise<number | undefined> {
  for (const version of new Set([...older].reverse())) {
    try {
      await checkVersionFile(store, await getVersion(store, model, version), verifyFile);
      return version;
    } catch {
      // this one is no help either: the next older one may be
    }
  }
  return undefined;
}

/** Proves the file of the version to go back to; when it is damaged, the error offers one that is not. */
async function checkTarget(
  store: Store,
  { model, to, older, verifyFile }: { model: string; to: number; older: number[]; verifyFile?: VerifyFile },
): Promise<void> {
  const version = await getVersion(store, model, to);
  try {
    await checkVersionFile(store, version, verifyFile);
  } catch (error) {
    if (!(error instanceof RiskopsError) || !error.code.startsWith('MODEL_FILE_')) throw error;
    const good = await olderGoodVersion(store, model, older, verifyFile);
    throw new RiskopsError(error.code, {
      what: error.message,
      why: error.why,
      fix: good === undefined ? 'riskops train' : `riskops rollback --model ${model} --to ${good}`,
      details: { model, damaged: to, good: good ?? null },
      cause: error,
    });
  }
}

/**
 * Makes the version current again that was current before, or `to`. Again: one further back. After a retirement it brings
 * the retired version back.
 * @throws RiskopsError MODEL_NOT_FOUND, NOTHING_TO_ROLL_BACK, MODEL_FILE_INVALID and MODEL_FILE_NOT_FOUND (the error
 *   names a good version, where there is one), CURRENT_CHANGED, POINTER_INVALID, STORE_IO as `promoteVersion`
 */
export async function rollback(store: Store, options: RollbackOptions): Promise<PromotionRecord> {
  const { verifyFile, actor, reason } = options;
  const { name: model } = await getModel(store, options.model);
  const all = await store.db
    .selectFrom('promotions')
    .select(['action', 'to_version', 'promotion_id'])
    .where('model', '=', model)
    .orderBy('sequence')
    .execute();
  const steps = all.filter(({ action }) => action !== 'approve');
  // A version that is not there is another mistake than one that was never current.
  if (options.to !== undefined) await getVersion(store, model, parseVersion(options.to));
  const stack = replayCurrent(steps);
  const current = stack.at(-1);
  const to = options.to === undefined ? stack.at(-2) : parseVersion(options.to);
  const wasCurrent = steps.some(({ to_version }) => to_version === to);
  if (to === undefined || to === null || to === current || !wasCurrent)
    throw nothingToRollBack({
      model,
      current,
      to: options.to,
      retired: to === null ? (stack.at(-3) ?? undefined) : undefined,
    });
  const place = stack.lastIndexOf(to);
  const older = stack
    .slice(0, place < 0 ? -1 : place)
    .filter((version): version is number => version !== null && version !== to && version !== current);
  await checkTarget(store, { model, to, older, verifyFile });
  const last = steps.at(-1);
  return changeCurrent(store, {
    model,
    action: 'rollback',
    to,
    actor,
    reason,
    verdict: null,
    gateReportSha256: null,
    isExpected: (now) =>
      last?.action === 'retire' ? now === null : now?.promotion_id === last?.promotion_id,
  });
}
