import type { Signature } from '../datasets/signature.js';
import { RiskopsError } from '../errors.js';
import { makeProfile } from '../models/make-profile.js';
import { readModelFile } from '../models/model-file.js';
import type { ModelHeader } from '../models/model-header.js';
import { type ReferenceProfile, timeFeature } from '../models/reference-profile.js';
import { findVersion } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import { isAbsent, readWindow } from './drift-window.js';

/** What a window is compared with. */
export interface DriftReference {
  /** `training`, `v3` or `window:FROM..TO`. */
  name: string;
  /** null: the version has none. */
  profile: ReferenceProfile | null;
  /** The features that it is of. */
  signature: Signature;
  /** Whether its answers are those of the version that is judged. */
  hasScores: boolean;
}

/** The version that is judged. */
export interface JudgedVersion {
  model: string;
  version: number;
  header: ModelHeader;
}

export async function loadVersion(
  store: Store,
  model: string,
  version: number | string,
): Promise<JudgedVersion> {
  const found = await findVersion(store, model, { version });
  const { header } = await readModelFile(store.blobs.path(found.path), { sha256: found.sha256 });
  return { model: found.model, version: found.version, header };
}

function unknownReference(given: string): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: `"${printable(given, 80)}" is no reference.`,
    why: 'It is a version, such as v3, or rows of the log, such as window:2026-03-01..2026-03-08.',
    fix: 'riskops drift --reference v3',
  });
}

/** A profile of rows that were logged, with a value in every feature that the log has any of. */
async function profileOfWindow(
  store: Store,
  judged: JudgedVersion,
  from: string,
  to: string,
): Promise<ReferenceProfile | null> {
  const { model, version, header } = judged;
  const { signature, task } = header;
  const window = await readWindow(store, { model, version, from, to }, header, signature);
  if (window.looked === 0) return null;
  const column = (feature: number) => window.column(feature).filter((cell) => !isAbsent(cell));
  const time = timeFeature(signature);
  const times = time < 0 ? null : column(time);
  const isWhole = times === null || times.length === window.looked;
  return makeProfile({
    signature,
    task,
    rows: window.rows,
    column,
    scores: { from: 'holdout', values: window.scores, times: isWhole ? times : null },
  });
}

/**
 * The reference that is meant: the rows that the version itself learned from, those of another version, or rows of the log.
 * @throws OPTION_INVALID, and as `findVersion`
 */
export async function loadReference(
  store: Store,
  judged: JudgedVersion,
  given?: string,
): Promise<DriftReference> {
  const { header, model } = judged;
  const { signature } = header;
  if (given === undefined)
    return { name: 'training', profile: header.profile ?? null, signature, hasScores: true };
  const version = /^v([1-9]\d*)$/.exec(given)?.[1];
  if (version !== undefined) {
    const other = await loadVersion(store, model, Number(version));
    const { profile = null } = other.header;
    const hasScores = other.version === judged.version;
    return { name: given, profile, signature: other.header.signature, hasScores };
  }
  const [, from, to] = /^window:(.+)\.\.(.+)$/.exec(given) ?? [];
  if (from === undefined || to === undefined) throw unknownReference(given);
  return { name: given, profile: await profileOfWindow(store, judged, from, to), signature, hasScores: true };
}
