import { expect, test } from 'vitest';
import { describeVersion } from '../../src/commands/models-show.js';
import type { VersionInFull } from '../../src/pipeline/show-version.js';

test('the columns of a version are shown with their roles, and dates as dates', () => {
  const features = [
    { name: 'month', type: 'date', role: 'time', nullable: false, min: 0, max: Date.UTC(2020, 0) },
    { name: 'store', type: 'category', role: 'group', nullable: false },
    { name: 'sales', type: 'number', role: 'past', ahead: 6, nullable: true, min: 1, max: 2 },
    { name: 'price', type: 'number', nullable: false, min: 1, max: 2 },
  ];
  const lines = describeVersion({ version: 1, features } as VersionInFull);
  const cells = lines.slice(lines.indexOf('features:') + 1).map((line) => line.trim().split(/ {2,}/));
  expect(cells).toEqual([
    ['name', 'type', 'role', 'missing seen', 'values seen'],
    ['month', 'date', 'time', 'no', '1970-01-01 .. 2020-01-01'],
    ['store', 'category', 'group', 'no', '-'],
    ['sales', 'number', 'past, 6 rows before', 'yes', '1 .. 2'],
    ['price', 'number', '-', 'no', '1 .. 2'],
  ]);
});
