import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import { stepKinds } from './all.js';
import { checkSettings, type StepConfig } from './step.js';

const MOST_STEPS = 15;

function refused(why: string): RiskopsError {
  return new RiskopsError('FEATURES_INVALID', {
    what: 'The recipe is not one.',
    why,
    fix: 'give a list of steps such as [{"kind": "lag", "columns": ["price"], "by": [1, 2]}]',
  });
}

function parseStep(value: unknown, place: number): StepConfig {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused(`Step ${place} is not an object.`);
  const { kind } = value as { kind?: unknown };
  if (typeof kind !== 'string') throw refused(`Step ${place} does not say its kind.`);
  const names = stepKinds.map((step) => step.kind);
  const found = stepKinds.find((step) => step.kind === kind);
  if (found === undefined)
    throw refused(`Step ${place} is of the kind "${printable(kind, 40)}": ${suggestWord(kind, names)}`);
  const config = value as StepConfig;
  checkSettings(
    config,
    found.settings.map(({ name }) => name),
  );
  return config;
}

/**
 * The steps that a user asks for, out of parsed JSON; none for null. What the settings say is checked when the data is known.
 * @throws FEATURES_INVALID naming the first step that cannot be
 */
export function parseSteps(value: unknown): StepConfig[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw refused('It is not a list of steps.');
  if (value.length > MOST_STEPS) throw refused(`It has ${value.length} steps, more than ${MOST_STEPS}.`);
  return value.map((step, i) => parseStep(step, i + 1));
}

/** The names of columns in the steps' settings: those of the data among them must reach the recipe. */
export function columnsNamed(steps: readonly StepConfig[]): string[] {
  const names = steps.flatMap((config) => {
    const settings = stepKinds.find(({ kind }) => kind === config.kind)?.settings ?? [];
    return settings.filter(({ columns }) => columns === true).flatMap(({ name }) => config[name]);
  });
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}
