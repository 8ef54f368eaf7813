import { expect, test } from 'vitest';
import { csvLine } from '../../src/datasets/csv-cell.js';

test('no text of an export begins as a formula does, and numbers stay numbers (RB-50)', () => {
  const formulas = [
    '=1+1',
    '+A1',
    '-A1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '=HYPERLINK("http://x","y")',
    '＝1',
    '=cmd|/c!A0',
  ];
  for (const text of formulas) {
    const [cell] = csvLine([text]).split('\r\n');
    expect(cell.replace(/^"/, '')).toMatch(/^'/);
    expect(cell.replace(/^"|"$/g, '').replaceAll('""', '"')).toBe(`'${text}`);
  }
  expect(csvLine([-1, -0, 0.5, null, true, 'a=b', 'x,"y"'])).toBe('-1,-0,0.5,,true,a=b,"x,""y"""\r\n');
});
