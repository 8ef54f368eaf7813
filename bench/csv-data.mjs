// Writes a CSV like those that models learn from: money, shares, counts and scores, float32 as pandas prints them, mostly 7 to 9 digits.
import { closeSync, openSync, writeSync } from 'node:fs';

/** splitmix32, so that the file is the same on every machine. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let t = state ^ (state >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return ((t ^ (t >>> 15)) >>> 0) / 4294967296;
  };
}

/**
 * Writes rows of `columns` cells until the file has `bytes` bytes; `full` numbers have all digits of a double, `texts` makes a third of the
 * columns categories, ids and days.
 */
export function writeNumbers(path, { bytes, columns, full = false, texts = false }) {
  const next = random(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const printed = full ? String : (value) => String(Number(value.toPrecision(8)));
  const kinds = [
    () => printed(Math.exp(10.4 + 0.6 * normal())),
    () => printed(normal()),
    () => printed(next()),
    () => String(18 + Math.floor(62 * next())),
    () => printed(690 + 50 * normal()),
    () => String(Math.floor(4 * next() ** 3)),
  ];
  const words = [
    () => ['single', 'married', 'divorced', 'widowed'][Math.floor(4 * next())],
    () => `customer-${Math.floor(50_000 * next())}`,
    () => `20${10 + Math.floor(15 * next())}-0${1 + Math.floor(9 * next())}-${10 + Math.floor(18 * next())}`,
  ];
  const makers = Array.from({ length: columns }, (_, i) =>
    texts && i % 3 === 2 ? words[((i - 2) / 3) % 3] : kinds[i % kinds.length],
  );
  const file = openSync(path, 'w');
  let rows = 0;
  let size = writeSync(file, `${Array.from({ length: columns }, (_, i) => `f${i}`).join(',')}\n`);
  while (size < bytes) {
    let text = '';
    for (let i = 0; i < 500; i++, rows++) {
      text += `${makers.map((make) => make()).join(',')}\n`;
    }
    size += writeSync(file, text);
  }
  closeSync(file);
  return rows;
}
