// Reads CSV files on request, by riskops or by papaparse: each line on stdin is a path, the answer is the CPU seconds of the call and the rows.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import Papa from 'papaparse';
import { readTable } from '../dist/index.js';

/** The records of a file, and the numbers in a column each. */
function readByPapaparse(path) {
  const { data } = Papa.parse(readFileSync(path, 'utf8'), { skipEmptyLines: true });
  const columns = data[0].map((_, i) => Float64Array.from(data, (record) => Number(record[i])));
  return columns[0].length - 1;
}

const readers = {
  riskops: async (path) => (await readTable(path)).table.rowCount,
  papaparse: async (path) => readByPapaparse(path),
};
const read = readers[process.argv[2]];
console.log('ready');
for await (const path of createInterface({ input: process.stdin })) {
  const start = process.cpuUsage();
  const rows = await read(path);
  const { user, system } = process.cpuUsage(start);
  console.log(JSON.stringify({ seconds: (user + system) / 1e6, rows }));
}
