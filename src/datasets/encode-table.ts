import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import type { Feature, Signature } from './signature.js';
import { type CategoryColumn, type Column, columnOf, type Table } from './table.js';

/** Whether a column's values may stand for the feature: whole numbers are numbers, otherwise the types are the same. */
function fits(column: Column, feature: Feature): boolean {
  return column.type === feature.type || (column.type === 'integer' && feature.type === 'number');
}

function wrongType(column: Column, feature: Feature): RiskopsError {
  return new RiskopsError('INPUT_INVALID', {
    what: `The column "${printable(feature.name)}" is of type ${column.type}, but the model learned it as ${feature.type}.`,
    why: 'A column must be read with the type that the model was trained with.',
    fix: `give the column "${printable(feature.name)}" the type "${feature.type}" in the schema`,
    details: { column: feature.name, got: column.type, expected: feature.type },
  });
}

/** The feature's index of each of the column's categories; -1 for those that training never saw. */
function translateCategories(column: CategoryColumn, feature: Feature): Int32Array {
  const known = new Map((feature.categories ?? []).map((category, index) => [category, index]));
  return Int32Array.from(column.categories, (category) => known.get(category) ?? -1);
}

/**
 * The cells of all rows of a table: row-major rowCount x features in signature order, NaN = missing, categories as
 * their index in the signature, -1 for one that training never saw. Columns that are no feature are left out.
 *
 * Errors: COLUMN_NOT_FOUND for a feature that the table lacks, INPUT_INVALID for one of another type.
 */
export function encodeTable(table: Table, signature: Signature): Float64Array {
  const { rowCount } = table;
  const width = signature.features.length;
  const cells = new Float64Array(rowCount * width);
  for (const [i, feature] of signature.features.entries()) {
    const column = columnOf(table, feature.name);
    if (!fits(column, feature)) throw wrongType(column, feature);
    if (column.type === 'category') {
      const indexOf = translateCategories(column, feature);
      for (let row = 0, at = i; row < rowCount; row++, at += width) {
        cells[at] = column.codes[row] < 0 ? Number.NaN : indexOf[column.codes[row]];
      }
    } else {
      for (let row = 0, at = i; row < rowCount; row++, at += width) cells[at] = column.values[row];
    }
  }
  return cells;
}
