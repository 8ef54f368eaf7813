import { join } from 'node:path';
import { RiskopsError } from '../../errors.js';
import { rowEntityKey } from '../../monitoring/entity.js';
import { schemaDifferences } from '../../registry/schema-differences.js';
import type { PredictHooks } from '../context.js';
import { loadServedModel, type ServedModel } from '../served-model.js';
import {
  failedTrial,
  failingHelp,
  type Trial,
  type TrialContext,
  type TrialOptions,
} from './trial-version.js';

export interface Canary extends Trial {
  choose: PredictHooks['choose'];
  choosesByRows: boolean;
  instead: PredictHooks['instead'];
}

/** What the server itself is to blame for, whichever version is asked. */
const NOT_THE_MODEL = new Set(['REQUEST_TIMEOUT', 'SERVER_BUSY', 'STORE_BUSY']);

/** A number from 0 up to 1 that a text always gives: FNV-1a, with the end of MurmurHash3, which spreads short texts. */
export function shareOfText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}

async function load(
  { version: asked }: NonNullable<TrialOptions['canary']>,
  { artifacts, beside }: TrialContext,
): Promise<ServedModel | string> {
  if ('failure' in asked) return asked.failure;
  const { model, entry } = asked;
  // Nobody promoted it.
  const unpromoted = { ...entry, promoted_at: '', promotion_id: '' };
  try {
    const file = join(artifacts, ...entry.path.split('/'));
    return { ...(await loadServedModel(model, unpromoted, file, beside(model))), canary: true };
  } catch (error) {
    if (error instanceof RiskopsError) return error.message.replace(/\.$/, '');
    throw error;
  }
}

/** How the rows of a model name the thing that they are about. */
interface EntityFields {
  fields: readonly string[];
  /** The names of a row that is an array, in its order. */
  features: readonly string[];
}

/** The thing that all of a request's rows are about; undefined where they name none, or several. */
function onlyEntity(rows: readonly unknown[] | null, { fields, features }: EntityFields): string | undefined {
  if (fields.length === 0 || rows === null || rows.length === 0) return undefined;
  const key = rowEntityKey(rows[0], fields, features);
  const isOther = (row: unknown) => rowEntityKey(row, fields, features) !== key;
  return key === undefined || rows.some(isOther) ? undefined : key;
}

/**
 * A version that answers a share of the requests instead of the promoted one. Which requests, the thing decides that all of their rows are
 * about, by the fields of `entity`: one thing has the same version every time. Where there is no such thing, the request's id decides.
 * Where it cannot answer, the promoted one does; where its schema is not the promoted one's, it is never asked.
 */
export async function openCanary(
  options: NonNullable<TrialOptions['canary']>,
  context: TrialContext,
): Promise<Canary> {
  const model = await load(options, context);
  if (typeof model === 'string')
    return { ...failedTrial('canary', model), choose: null, choosesByRows: false, instead: null };
  const entity = {
    fields: context.entity(model.name),
    features: model.header.signature.features.map(({ name }) => name),
  };
  let fallbacks = 0;
  let misfit: string | null = null;
  const fits = new WeakMap<ServedModel, boolean>();
  const fitsBeside = (promoted: ServedModel): boolean => {
    const known = fits.get(promoted);
    if (known !== undefined) return known;
    const { differences } = schemaDifferences(promoted.header.signature, model.header.signature);
    const isFit = differences.length === 0;
    fits.set(promoted, isFit);
    misfit = isFit ? null : `it would break callers of version ${promoted.entry.version}: ${differences[0]}`;
    if (misfit !== null) context.tell(`The canary, version ${model.entry.version}, is not asked: ${misfit}.`);
    return isFit;
  };
  return {
    choose(promoted, requestId, rows) {
      if (promoted.name !== model.name || promoted.entry.version === model.entry.version) return promoted;
      const key = onlyEntity(rows, entity);
      // Each version draws anew: not the same people are tried on by every canary.
      const text = key === undefined ? requestId : `${model.entry.version}:${key}`;
      return shareOfText(text) < options.share && fitsBeside(promoted) ? model : promoted;
    },
    choosesByRows: entity.fields.length > 0,
    instead(failed, error, promoted) {
      if (failed !== model || promoted === null || !(error instanceof RiskopsError)) return null;
      if (NOT_THE_MODEL.has(error.code)) return null;
      fallbacks++;
      return promoted;
    },
    failure: () => misfit,
    figures: [
      {
        name: 'canary_fallbacks',
        help: 'Requests that the canary could not answer, and the promoted version was asked.',
        read: () => fallbacks,
      },
      { name: 'canary_failing', help: failingHelp('canary'), read: () => (misfit === null ? 0 : 1) },
    ],
    close: async () => {},
  };
}
