import { canonicalName } from '../registry/models.js';
import { momentText } from '../tracking/search/moments.js';
import { printable, suggestWord } from '../util/text.js';
import { shown } from './outcome-values.js';

/** What is wrong with a row of outcomes. */
export interface OutcomeProblem {
  /** From 0. */
  row: number;
  field: string;
  problem: string;
}

/** An outcome whose form is right; whether its value fits is for the model to say. */
export interface ToldOutcome {
  row: number;
  prediction_id: string | null;
  model: string | null;
  entity: unknown;
  value: unknown;
  /** UTC; null: now. */
  observed_at: string | null;
}

const FIELDS = ['prediction_id', 'model', 'entity', 'value', 'observed_at'] as const;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Of a row's unknown fields so many are named. */
const MOST_UNKNOWN = 20;

/** A clock, or a day in another zone, may run ahead by this much. */
const AHEAD_MS = 86_400_000;

/** Reads one row; every problem goes to `refuse`. */
function readRow(
  given: unknown,
  row: number,
  now: number,
  refuse: (field: string, problem: string) => void,
): ToldOutcome {
  const fields = (
    typeof given === 'object' && given !== null && !Array.isArray(given) ? given : null
  ) as Record<string, unknown> | null;
  const told: ToldOutcome = {
    ...{ row, prediction_id: null, model: null, entity: undefined, value: undefined, observed_at: null },
  };
  if (fields === null) {
    refuse('outcome', `is ${shown(given)}, not an object`);
    return told;
  }
  const unknown = Object.keys(fields).filter((name) => !FIELDS.some((known) => known === name));
  for (const name of unknown.slice(0, MOST_UNKNOWN))
    refuse(printable(name, 40), `is no field of an outcome; ${suggestWord(name, FIELDS)}`);
  const { prediction_id: id, model, entity, value, observed_at: observed } = fields;
  if (id === undefined && entity === undefined) refuse('prediction_id', 'is missing, and so is entity');
  if (id !== undefined && entity !== undefined)
    refuse('entity', 'stands beside prediction_id; one is enough');
  if (id !== undefined) told.prediction_id = readId(id, refuse);
  else if (entity !== undefined && model === undefined)
    refuse('model', 'is missing; an entity is one of a model');
  if (model !== undefined) told.model = readModel(model, refuse);
  if (value === undefined || value === null) refuse('value', 'is missing');
  if (observed !== undefined) told.observed_at = readTime(observed, now, refuse);
  return { ...told, entity, value };
}

type Refuse = (field: string, problem: string) => void;

function readId(given: unknown, refuse: Refuse): string | null {
  const id = typeof given === 'string' ? given.trim().toLowerCase() : '';
  if (UUID.test(id)) return id;
  refuse('prediction_id', `is ${shown(given)}, not the id of a prediction`);
  return null;
}

function readModel(given: unknown, refuse: Refuse): string | null {
  const name = typeof given === 'string' ? canonicalName(given) : undefined;
  if (name !== undefined) return name;
  refuse('model', `is ${shown(given)}, not the name of a model`);
  return null;
}

function readTime(given: unknown, now: number, refuse: Refuse): string | null {
  const moment = typeof given === 'string' ? momentText(given.trim()) : undefined;
  if (moment === undefined)
    refuse('observed_at', `is ${shown(given)}, not a day or a time with its zone such as 2026-03-01T12:00Z`);
  else if (Date.parse(moment) > now + AHEAD_MS) refuse('observed_at', `is ${moment}, which is yet to come`);
  else return moment;
  return null;
}

/** Reads rows of outcomes. Those with a problem stand among the rows too, and are not to be used. */
export function readOutcomeRows(
  given: readonly unknown[],
  now: number,
): { rows: ToldOutcome[]; problems: OutcomeProblem[] } {
  const problems: OutcomeProblem[] = [];
  const rows = given.map((one, row) =>
    readRow(one, row, now, (field, problem) => problems.push({ row, field, problem })),
  );
  return { rows, problems };
}
