/** A stream of uniform numbers in [0, 1), the same for the same seed on every machine. */
export type Random = () => number;

/** splitmix32: spreads a seed and a stream number over 32 bits, so that neighbouring seeds share nothing. */
function spread(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let t = state ^ (state >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
}

/**
 * sfc32 (Chris Doty-Humphrey, PractRand), seeded by splitmix32. `stream` gives independent streams of one seed:
 * tree 7 of seed 0 draws the same numbers whichever thread grows it.
 */
export function seededRandom(seed: number, stream = 0): Random {
  const next = spread((seed >>> 0) ^ Math.imul(stream + 1, 0x85ebca6b));
  let a = next();
  let b = next();
  let c = next() ^ Math.floor(seed / 4294967296);
  let counter = 1;
  const random = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) random();
  return random;
}

/** Row numbers 0 .. count-1 in a random order (Fisher-Yates). */
export function shuffledIndices(count: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const held = order[i];
    order[i] = order[j];
    order[j] = held;
  }
  return order;
}
