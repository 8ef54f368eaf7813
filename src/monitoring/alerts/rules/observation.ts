import { chooseModel, getModel } from '../../../registry/models.js';
import type { Store } from '../../../storage/store.js';
import type { Bound } from '../alerts-config.js';
import type { ServerFigures } from '../server-figures.js';

/** What a rule found about one subject. */
export interface Observation {
  model: string | null;
  /** A model, a segment of one, a server. */
  subject: string;
  /** `unknown`: nobody can say; an alert that fires goes on, and none begins. */
  state: 'breach' | 'fine' | 'unknown';
  /** One printable sentence. */
  summary: string;
  /** `version`: the model's version that is current, where the finding may be about it; null for none. */
  details: Record<string, unknown>;
}

/** What rules look at. */
export interface RuleContext {
  store: Store;
  now: Date;
  /** The model that a rule without one means; null: the only one there is. */
  model: string | null;
  /** The fields that name the thing that outcomes are told about, by model. */
  entities: Readonly<Record<string, readonly string[]>>;
  /** Of the server that asks; null outside one. */
  server: ServerFigures | null;
}

export const isBeyond = ({ above, below }: Bound, value: number) =>
  (above !== null && value > above) || (below !== null && value < below);

export const boundText = ({ above, below }: Bound) => (above === null ? `below ${below}` : `above ${above}`);

/** A figure as a sentence shows it. */
export const figure = (value: number) => String(Number(value.toPrecision(4)));

/** The model that a rule speaks of. */
export const modelOf = (
  asked: string | null,
  { store, model }: Pick<RuleContext, 'store' | 'model'>,
): Promise<string> => chooseModel(store, { asked: asked ?? undefined, configured: model ?? undefined });

/** The version of a model that is current; null for none. */
export const currentVersion = async (model: string, { store }: RuleContext): Promise<number | null> =>
  (await getModel(store, model)).current?.version ?? null;
