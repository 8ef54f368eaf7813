import { JsonShape } from '../datasets/json-shape.js';
import { RiskopsError } from '../errors.js';
import type { Frame } from './step.js';

/** Reads the recipe of a model file, which may come from anywhere. */
export const recipeShape: JsonShape = new JsonShape(
  (why) =>
    new RiskopsError('MODEL_FILE_INVALID', {
      what: 'The recipe in the model file is not one.',
      why,
      fix: 'riskops doctor',
    }),
);

/** A list with a finite number for each number column of the frame, and null for every other column. */
export function numbersOf(value: unknown, where: string, frame: Frame): (number | null)[] {
  const list = recipeShape.list(value, where, frame.length);
  if (list.length < frame.length)
    recipeShape.fail(`${where} has ${list.length} entries for ${frame.length} columns.`);
  return list.map((item, i) => {
    if (frame[i].kind === 'number') return recipeShape.number(item, `${where}[${i}]`);
    if (item !== null) recipeShape.fail(`${where}[${i}] is for a column that is no number, and not null.`);
    return null;
  });
}
