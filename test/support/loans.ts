import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/util/random.js';

/** Columns of the loan book, in order: a number, a number with gaps, an integer, a Korean category with gaps, the target. */
const LOAN_COLUMNS = ['income', 'debt', 'age', '지역', 'default'] as const;

/** A loan book made from a seed: who defaults follows from debt, income and region, with some noise. */
export function loansCsv(rows = 800, seed = 7): string {
  const random = seededRandom(seed);
  const lines = [LOAN_COLUMNS.join(',')];
  for (let i = 0; i < rows; i++) {
    const [income, debt, age] = [random() * 100, random() * 50, Math.floor(20 + random() * 50)];
    const region = ['서울', '부산', '제주'][Math.floor(random() * 3)];
    const score = debt / 10 - income / 25 + (region === '제주' ? 1 : 0) + (random() - 0.5) * 2;
    const cells = [
      income.toFixed(2),
      random() < 0.05 ? '' : debt.toFixed(2),
      age,
      random() < 0.03 ? 'NA' : region,
    ];
    lines.push([...cells, score > 0 ? 1 : 0].join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** Writes a loan book into `folder`; its file name. */
export function writeLoans(folder: string, name = 'loans.csv', rows?: number, seed?: number): string {
  writeFileSync(join(folder, name), loansCsv(rows, seed));
  return name;
}
