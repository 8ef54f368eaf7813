import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { trainOptions } from '../../src/commands/train-plan.js';
import type { Table } from '../../src/datasets/table.js';
import { stepKinds } from '../../src/features/all.js';
import { parseSteps } from '../../src/features/recipe-file.js';
import { distanceOf, fitOn, outputOf, type Plain, tableOfRows, vectorsOf } from './support/tables.js';

const guide = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'guides', 'recipes.md'), 'utf8');
/** What stands between a fence in a language, or in none, and the next. */
const fenced = guide.split(/^```/m).filter((_, i) => i % 2 === 1);
const blocks = (language: string) =>
  fenced.filter((text) => text.startsWith(`${language}\n`)).map((text) => text.slice(language.length));
const [rul, macro] = blocks('json').map((text) => parseSteps(JSON.parse(text)));

test('lists every step with every setting, in the words of the code', () => {
  const rows = stepKinds.flatMap(({ kind, summary, settings }) => [
    `| **\`${kind}\`** | ${summary} |`,
    ...settings.map(({ name, description }) => `| \`${name}\` | ${description} |`),
  ]);
  const table = guide.slice(guide.indexOf('## The steps'), guide.indexOf('### What they do'));
  expect(table.split('\n').filter((line) => line.startsWith('| ') && line.includes('`'))).toEqual(rows);
});

test('its commands have options that there are', () => {
  const known = trainOptions.map(({ flag }) => flag.split(' ')[0]);
  const asked = blocks('').flatMap((text) => text.match(/--[a-z-]+/g) ?? []);
  expect(asked.length).toBeGreaterThan(8);
  expect(asked.filter((flag) => !known.includes(flag))).toEqual([]);
});

describe('its examples', () => {
  test('remaining life of machines, on three engines of the turbofan data', () => {
    const { names, rows, outputs } = vectorsOf<{
      names: string[];
      rows: Plain[][];
      outputs: Record<string, Plain[]>;
    }>('fd001.json');
    const fitted = fitOn(tableOfRows(names, rows), names.slice(2), rul, {
      roles: { time: 'cycle', group: 'unit' },
    });
    for (const [name, wanted] of Object.entries(outputs))
      expect(distanceOf(outputOf(fitted, name), wanted), name).toBeLessThanOrEqual(1e-9);
    const share = outputOf(fitted, 's4_per_s4_mean20');
    expect(share.every((value, row) => value === rows[row][3]! / outputOf(fitted, 's4_mean20')[row])).toBe(
      true,
    );
    expect(outputOf(fitted, 'cycle_elapsed')).toEqual(Float64Array.from(rows, (row) => row[1]!));
  });

  test('a monthly series of the economy', () => {
    const months = 96;
    const housing = Array.from({ length: months }, (_, i) => 100 + i + 5 * Math.sin(i / 5));
    const numbers = tableOfRows(
      ['housing', 'rate'],
      housing.map((value, i) => [value, 2 + Math.floor(i / 7) * 0.25]),
    );
    const month = Float64Array.from(housing, (_, i) => Date.UTC(2016, i, 1));
    const table: Table = {
      ...numbers,
      columns: [...numbers.columns, { name: 'month', type: 'date', values: month }],
    };
    const roles = { time: 'month', past: ['housing', 'rate'] };
    const fitted = fitOn(table, ['rate'], macro, { roles, y: Float64Array.from(housing) });
    expect(fitted.recipe).toMatchObject({ sequential: true, lookBack: 8 });
    expect(fitted.recipe.outputs).toContain('housing_lag1');
    expect(outputOf(fitted, 'housing_lag1')[50]).toBe(housing[49]);
    expect(fitted.recipe.outputs.length).toBeLessThanOrEqual(20);
    const named = ['housing', 'rate', 'month'];
    expect(fitted.recipe.outputs.filter((name) => named.includes(name))).toEqual([]);
  });
});
