// Gradient boosting: bins, gradients, histograms, splits, partitions. Arguments are places in memory, which the caller lays
// out. src/models/trees/boosting/plain-kernel.ts and src/models/trees/plain-bins.ts say the same in plain TypeScript; both give the same bytes.
//
// Sums are exact: gradients and hessians are whole numbers (see quantise), so neither the order of additions nor the number
// of threads changes a bit. An entry of a histogram is one vector of two 64-bit whole numbers: the sum of the gradients, and
// count << hessianBits | sum of the hessians.

/** Adding and taking away 1.5 * 2^52 rounds to a whole number; its bits then hold the number in two's complement. */
const ROUND: f64 = 6755399441055744.0;
const ROUND_BITS: i64 = 0x4338000000000000;
/** 2^52: the bits of 2^52 + k are those of 2^52 plus k, for k from 0 to 2^52 - 1. */
const TWO_52: f64 = 4503599627370496.0;
const TWO_52_BITS: i64 = 0x4330000000000000;

@inline function both(x: f64): v128 {
  return f64x2.splat(x);
}

// --- bins ---

/**
 * The bin of each of `count` values that are `stride` bytes apart: how many of the 255 ascending edges (filled up with
 * infinities) are less. NaN goes to `missingBin`. Returns whether there was one.
 */
export function assignBins(x: usize, stride: usize, count: usize, edges: usize, missingBin: u32, bins: usize): bool {
  let missing = 0;
  for (let i: usize = 0; i < count; i++) {
    const value = load<f64>(x);
    x += stride;
    let k: usize = <usize>(value > load<f64>(edges, 127 << 3)) << 7;
    k += <usize>(value > load<f64>(edges + (k << 3), 63 << 3)) << 6;
    k += <usize>(value > load<f64>(edges + (k << 3), 31 << 3)) << 5;
    k += <usize>(value > load<f64>(edges + (k << 3), 15 << 3)) << 4;
    k += <usize>(value > load<f64>(edges + (k << 3), 7 << 3)) << 3;
    k += <usize>(value > load<f64>(edges + (k << 3), 3 << 3)) << 2;
    k += <usize>(value > load<f64>(edges + (k << 3), 1 << 3)) << 1;
    k += <usize>(value > load<f64>(edges + (k << 3)));
    const isMissing = value != value;
    missing |= <i32>isMissing;
    store<u8>(bins + i, isMissing ? missingBin : <u32>k);
  }
  return missing != 0;
}

const DIGIT_BITS: u64 = 11;
const DIGITS: usize = 6;
const DIGIT_VALUES: usize = 1 << 11;

/** Sorts numbers without NaN, ascending, by the digits of their bits; `spare` has room for as many, `counts` for 6 x 2048 u32. */
export function sortNumbers(values: usize, count: usize, spare: usize, counts: usize): void {
  memory.fill(counts, 0, (DIGITS * DIGIT_VALUES) << 2);
  for (let i: usize = 0; i < count; i++) {
    const bits = load<u64>(values + (i << 3));
    // Ascending as unsigned numbers: all bits of a negative one are turned round, and the sign of the others.
    const key = bits ^ (<u64>(<i64>bits >> 63) | 0x8000000000000000);
    store<u64>(values + (i << 3), key);
    let table = counts;
    for (let d: u64 = 0; d < <u64>DIGITS; d++) {
      const at = table + (<usize>((key >> (d * DIGIT_BITS)) & 2047) << 2);
      store<u32>(at, load<u32>(at) + 1);
      table += DIGIT_VALUES << 2;
    }
  }
  let source = values;
  let target = spare;
  for (let d: u64 = 0; d < <u64>DIGITS; d++) {
    const shift = d * DIGIT_BITS;
    const table = counts + ((<usize>d * DIGIT_VALUES) << 2);
    const first = <usize>((load<u64>(source) >> shift) & 2047);
    if (load<u32>(table + (first << 2)) == <u32>count) continue;
    let sum: u32 = 0;
    for (let v: usize = 0; v < DIGIT_VALUES; v++) {
      const inDigit = load<u32>(table + (v << 2));
      store<u32>(table + (v << 2), sum);
      sum += inDigit;
    }
    for (let i: usize = 0; i < count; i++) {
      const key = load<u64>(source + (i << 3));
      const at = table + (<usize>((key >> shift) & 2047) << 2);
      const place = load<u32>(at);
      store<u32>(at, place + 1);
      store<u64>(target + (<usize>place << 3), key);
    }
    const other = source;
    source = target;
    target = other;
  }
  for (let i: usize = 0; i < count; i++) {
    const key = load<u64>(source + (i << 3));
    store<u64>(values + (i << 3), key ^ (<u64>(<i64>~key >> 63) | 0x8000000000000000));
  }
}

// --- gradients ---

/** a + b x */
@inline function pair(a: v128, b: v128, x: v128): v128 {
  return f64x2.add(a, f64x2.mul(b, x));
}

/** e^x by 2^k e^r with |r| <= log(2) / 2, and a polynomial of degree 11 through e^r at Chebyshev's points, in an order that keeps chains of sums short: within 2 units in the last place. x is held to +-700. */
@inline function exponential(x: v128): v128 {
  x = f64x2.pmin(f64x2.pmax(x, both(-700)), both(700));
  const shifted = f64x2.add(f64x2.mul(x, both(1.4426950408889634)), both(ROUND));
  const k = f64x2.sub(shifted, both(ROUND));
  const r = f64x2.sub(
    f64x2.sub(x, f64x2.mul(k, both(0.693147180369123816490))),
    f64x2.mul(k, both(1.90821492927058770002e-10)),
  );
  const r2 = f64x2.mul(r, r), r4 = f64x2.mul(r2, r2);
  const low = pair(pair(both(1), both(1), r), pair(both(0.5000000000000019), both(0.1666666666666668), r), r2);
  const middle = pair(
    pair(both(0.04166666666648795), both(0.008333333333319589), r),
    pair(both(0.0013888888952352863), both(0.00019841269890076403), r),
    r2,
  );
  const high = pair(
    pair(both(2.4801485441561313e-5), both(2.755724088722987e-6), r),
    pair(both(2.763265472252779e-7), both(2.5110049204818658e-8), r),
    r2,
  );
  const p = pair(low, pair(middle, high, r4), r4);
  return i64x2.add(p, i64x2.shl(shifted, 52));
}

/**
 * Gradients y - p and hessians p (1 - p) of the log loss at the log-odds `sums`, for an even number of rows. `over` gets
 * 1 + e^-|sum| of each row: the loss is its logarithm plus max(sum, 0) - y sum, which is summed at `out`, even and odd rows apart.
 */
export function logistic(sums: usize, y: usize, gradient: usize, hessian: usize, over: usize, bytes: usize, out: usize): void {
  let outer = both(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const sum = v128.load(sums + i), target = v128.load(y + i);
    const e = exponential(f64x2.neg(f64x2.abs(sum)));
    const divisor = f64x2.add(both(1), e);
    const p = f64x2.div(v128.bitselect(e, both(1), f64x2.lt(sum, both(0))), divisor);
    v128.store(gradient + i, f64x2.sub(target, p));
    v128.store(hessian + i, f64x2.mul(p, f64x2.sub(both(1), p)));
    v128.store(over + i, divisor);
    outer = f64x2.add(outer, f64x2.sub(f64x2.pmax(sum, both(0)), f64x2.mul(target, sum)));
  }
  v128.store(out, outer);
}

/** The greatest size of the numbers, even and odd places apart, at `out`. */
export function greatest(values: usize, bytes: usize, out: usize): void {
  let most = both(0);
  for (let i: usize = 0; i < bytes; i += 16) most = f64x2.pmax(most, f64x2.abs(v128.load(values + i)));
  v128.store(out, most);
}

/** The product of `bytes` / 8 numbers, even and odd places apart, at `out`: of numbers from 1 to 2, no more than 512. */
export function products(values: usize, bytes: usize, out: usize): void {
  let product = both(1);
  for (let i: usize = 0; i < bytes; i += 16) product = f64x2.mul(product, v128.load(values + i));
  v128.store(out, product);
}

/** values[i] = e^values[i], for an even number of values. */
export function exponentials(values: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(values + i, exponential(v128.load(values + i)));
}

/**
 * Writes each row's statistics as whole numbers: round(gradient * gradientScale), and round(hessian * hessianScale) with a one
 * above `hessianBits`. Where `drawn` is not 0 a row whose byte there is 0 counts for nothing. Their sum goes to `total`, and
 * behind it the sum of the rounded gradients' squares.
 */
export function quantise(
  gradient: usize, hessian: usize, drawn: usize, count: usize,
  gradientScale: f64, hessianScale: f64, hessianBits: i32, statistics: usize, total: usize,
): void {
  const scales = f64x2.replace_lane(both(gradientScale), 1, hessianScale);
  const one = i64x2.replace_lane(i64x2.splat(0), 1, <i64>1 << hessianBits);
  let sum = i64x2.splat(0), squares = both(0);
  for (let i: usize = 0; i < count; i++) {
    const at = i << 3;
    const pair = v128.load64_lane(hessian + at, v128.load64_zero(gradient + at), 1);
    const rounded = f64x2.add(f64x2.mul(pair, scales), both(ROUND));
    let entry = i64x2.add(i64x2.sub(rounded, i64x2.splat(ROUND_BITS)), one);
    if (drawn != 0 && load<u8>(drawn + i) == 0) entry = i64x2.splat(0);
    v128.store(statistics + (i << 4), entry);
    sum = i64x2.add(sum, entry);
    const whole = f64x2.sub(rounded, both(ROUND));
    squares = f64x2.add(squares, f64x2.mul(whole, whole));
  }
  v128.store(total, sum);
  store<f64>(total, f64x2.extract_lane(squares, 0), 16);
}

// --- histograms ---

@inline function addEntry(entry: usize, statistic: v128): void {
  v128.store(entry, i64x2.add(v128.load(entry), statistic));
}

/** Where a feature's entries begin in a histogram, and its column of bins. */
@inline function entriesOf(histogram: usize, offsets: usize, feature: usize): usize {
  return histogram + (<usize>load<u32>(offsets + (feature << 2)) << 4);
}

/** Rows whose statistics stay in the processor's nearest cache while all features are counted: BLOCK_ROWS of wasm-kernel.ts. */
const BLOCK: usize = 1024;

/** Sums the statistics of all rows by feature and bin. Four features a pass: four chains of additions overlap. */
export function countAll(
  bins: usize, rowCount: usize, features: usize, featureCount: usize, offsets: usize, statistics: usize, histogram: usize,
): void {
  for (let from: usize = 0; from < rowCount; from += BLOCK) {
    const to = min(from + BLOCK, rowCount);
    let f: usize = 0;
    for (; f + 4 <= featureCount; f += 4) {
      const at = features + (f << 2);
      const f0 = <usize>load<u32>(at), f1 = <usize>load<u32>(at, 4), f2 = <usize>load<u32>(at, 8), f3 = <usize>load<u32>(at, 12);
      const b0 = bins + f0 * rowCount, b1 = bins + f1 * rowCount, b2 = bins + f2 * rowCount, b3 = bins + f3 * rowCount;
      const h0 = entriesOf(histogram, offsets, f0), h1 = entriesOf(histogram, offsets, f1);
      const h2 = entriesOf(histogram, offsets, f2), h3 = entriesOf(histogram, offsets, f3);
      for (let i = from; i < to; i++) {
        const v = v128.load(statistics + (i << 4));
        addEntry(h0 + (<usize>load<u8>(b0 + i) << 4), v);
        addEntry(h1 + (<usize>load<u8>(b1 + i) << 4), v);
        addEntry(h2 + (<usize>load<u8>(b2 + i) << 4), v);
        addEntry(h3 + (<usize>load<u8>(b3 + i) << 4), v);
      }
    }
    for (; f < featureCount; f++) {
      const feature = <usize>load<u32>(features + (f << 2));
      const b = bins + feature * rowCount, h = entriesOf(histogram, offsets, feature);
      for (let i = from; i < to; i++) addEntry(h + (<usize>load<u8>(b + i) << 4), v128.load(statistics + (i << 4)));
    }
  }
}

/** The same of the `count` rows named at `rows`; `lined` has room for the statistics of a block of rows, one after another. */
export function countRows(
  bins: usize, rowCount: usize, features: usize, featureCount: usize, offsets: usize, statistics: usize, histogram: usize,
  rows: usize, count: usize, lined: usize,
): void {
  for (let done: usize = 0; done < count; done += BLOCK) {
    const block = min(BLOCK, count - done), named = rows + (done << 2);
    for (let i: usize = 0; i < block; i++)
      v128.store(lined + (i << 4), v128.load(statistics + (<usize>load<u32>(named + (i << 2)) << 4)));
    let f: usize = 0;
    for (; f + 4 <= featureCount; f += 4) {
      const at = features + (f << 2);
      const f0 = <usize>load<u32>(at), f1 = <usize>load<u32>(at, 4), f2 = <usize>load<u32>(at, 8), f3 = <usize>load<u32>(at, 12);
      const b0 = bins + f0 * rowCount, b1 = bins + f1 * rowCount, b2 = bins + f2 * rowCount, b3 = bins + f3 * rowCount;
      const h0 = entriesOf(histogram, offsets, f0), h1 = entriesOf(histogram, offsets, f1);
      const h2 = entriesOf(histogram, offsets, f2), h3 = entriesOf(histogram, offsets, f3);
      for (let i: usize = 0; i < block; i++) {
        const row = <usize>load<u32>(named + (i << 2));
        const v = v128.load(lined + (i << 4));
        addEntry(h0 + (<usize>load<u8>(b0 + row) << 4), v);
        addEntry(h1 + (<usize>load<u8>(b1 + row) << 4), v);
        addEntry(h2 + (<usize>load<u8>(b2 + row) << 4), v);
        addEntry(h3 + (<usize>load<u8>(b3 + row) << 4), v);
      }
    }
    for (; f < featureCount; f++) {
      const feature = <usize>load<u32>(features + (f << 2));
      const b = bins + feature * rowCount, h = entriesOf(histogram, offsets, feature);
      for (let i: usize = 0; i < block; i++)
        addEntry(h + (<usize>load<u8>(b + <usize>load<u32>(named + (i << 2))) << 4), v128.load(lined + (i << 4)));
    }
  }
}

export function clear(histogram: usize, bytes: usize): void {
  memory.fill(histogram, 0, bytes);
}

/** Takes a child's histogram from its parent's: what is left is the other child's. */
export function subtract(parent: usize, child: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16)
    v128.store(parent + i, i64x2.sub(v128.load(parent + i), v128.load(child + i)));
}

@inline function gradientsOf(entries: v128): v128 {
  return f64x2.sub(i64x2.add(entries, i64x2.splat(ROUND_BITS)), both(ROUND));
}

@inline function hessiansOf(entries: v128, mask: v128): v128 {
  return f64x2.sub(v128.or(v128.and(entries, mask), i64x2.splat(TWO_52_BITS)), both(TWO_52));
}

/** Writes `count` entries as numbers: gradient, hessian, count of each. */
export function unpack(entries: usize, count: usize, hessianBits: i32, out: usize): void {
  const mask: u64 = ((<u64>1) << hessianBits) - 1;
  for (let i: usize = 0; i < count; i++) {
    const low = load<u64>(entries, 8);
    store<f64>(out, <f64>load<i64>(entries));
    store<f64>(out, <f64>(low & mask), 8);
    store<f64>(out, <f64>(low >> hessianBits), 16);
    entries += 16;
    out += 24;
  }
}

/** Where the best split so far is kept: score, gradient, hessian and count of the left side, feature, bin, whether missing values go left. */
const SCORE: usize = 0, LEFT_GRADIENT: usize = 8, LEFT_HESSIAN: usize = 16, LEFT_COUNT: usize = 24, FEATURE: usize = 32, BIN: usize = 40, MISSING_LEFT: usize = 48;

/** a^2 hr + b^2 hl, of the left gradients a and the right ones b, each less l1 in size: a split's score times hl hr. */
@inline function squaresOver(lg: v128, G: v128, hl: v128, hr: v128, l1: f64): v128 {
  let a = lg, b = f64x2.sub(G, lg);
  if (l1 != 0) {
    a = f64x2.pmax(f64x2.sub(f64x2.abs(a), both(l1)), both(0));
    b = f64x2.pmax(f64x2.sub(f64x2.abs(b), both(l1)), both(0));
  }
  return f64x2.add(f64x2.mul(f64x2.mul(a, a), hr), f64x2.mul(f64x2.mul(b, b), hl));
}

/**
 * The split of highest score over features of numbers, a score above that at `best` only. A side's score is
 * max(|G| - l1, 0)^2 / (H + l2). All sums and limits are in the whole numbers' units. Four bins are tried at a time: behind a
 * histogram there is room for three entries more.
 */
export function findSplit(
  histogram: usize, features: usize, featureCount: usize, offsets: usize, valueBins: usize, hasMissing: usize, hessianBits: i32,
  gradient: f64, hessian: f64, rowCount: f64, minLeaf: f64, minHessian: f64, l1: f64, l2: f64, best: usize,
): void {
  const mask: i64 = (<i64>1 << hessianBits) - 1;
  const masks = i64x2.splat(mask), G = both(gradient), H = both(hessian), L2 = both(l2);
  const most = rowCount - minLeaf, mostHessian = hessian - minHessian;
  // From this entry on the right side has too few rows.
  const tooMany = (<i64>most + 1) << hessianBits;
  let score = load<f64>(best, SCORE);
  for (let i: usize = 0; i < featureCount; i++) {
    const feature = <usize>load<u32>(features + (i << 2));
    const entries = entriesOf(histogram, offsets, feature), bins = load<i32>(valueBins + (feature << 2));
    const missing = load<u8>(hasMissing + feature) != 0 ? v128.load(entries + (<usize>bins << 4)) : i64x2.splat(0);
    const anyMissing = i64x2.extract_lane(missing, 1) >>> hessianBits != 0;
    const sides = anyMissing ? 2 : 1;
    for (let side = 0; side < sides; side++) {
      let sum = side == 1 ? missing : i64x2.splat(0);
      const end = anyMissing && side == 0 ? bins : bins - 1;
      for (let bin = 0; bin < end; bin += 4) {
        const at = entries + (<usize>bin << 4);
        const first = i64x2.add(sum, v128.load(at)), second = i64x2.add(first, v128.load(at, 16));
        const third = i64x2.add(second, v128.load(at, 32)), fourth = i64x2.add(third, v128.load(at, 48));
        sum = fourth;
        const lh0 = hessiansOf(v128.shuffle<i64>(first, second, 1, 3), masks), lh1 = hessiansOf(v128.shuffle<i64>(third, fourth, 1, 3), masks);
        const hl0 = f64x2.add(lh0, L2), hr0 = f64x2.add(f64x2.sub(H, lh0), L2);
        const hl1 = f64x2.add(lh1, L2), hr1 = f64x2.add(f64x2.sub(H, lh1), L2);
        const above0 = squaresOver(gradientsOf(v128.shuffle<i64>(first, second, 0, 2)), G, hl0, hr0, l1);
        const above1 = squaresOver(gradientsOf(v128.shuffle<i64>(third, fourth, 0, 2)), G, hl1, hr1, l1);
        const below0 = f64x2.mul(hl0, hr0), below1 = f64x2.mul(hl1, hr1);
        // Whether a fraction is more than the score is told without dividing.
        const least = both(score);
        const better = v128.or(f64x2.gt(above0, f64x2.mul(below0, least)), f64x2.gt(above1, f64x2.mul(below1, least)));
        if (!v128.any_true(better)) {
          if (i64x2.extract_lane(fourth, 1) >= tooMany) break;
          continue;
        }
        for (let lane = 0; lane < 4 && bin + lane < end; lane++) {
          const left = lane == 0 ? first : lane == 1 ? second : lane == 2 ? third : fourth;
          const inLeft = i64x2.extract_lane(left, 1);
          const count = <f64>(inLeft >>> hessianBits), leftHessian = <f64>(inLeft & mask);
          if (count < minLeaf || count > most || leftHessian < minHessian || leftHessian > mostHessian) continue;
          const tops = lane < 2 ? above0 : above1, bottoms = lane < 2 ? below0 : below1;
          const x = (lane & 1) == 0 ? f64x2.extract_lane(tops, 0) : f64x2.extract_lane(tops, 1);
          const y = (lane & 1) == 0 ? f64x2.extract_lane(bottoms, 0) : f64x2.extract_lane(bottoms, 1);
          if (!(x > y * score)) continue;
          score = x / y;
          store<f64>(best, score, SCORE);
          store<f64>(best, <f64>i64x2.extract_lane(left, 0), LEFT_GRADIENT);
          store<f64>(best, leftHessian, LEFT_HESSIAN);
          store<f64>(best, count, LEFT_COUNT);
          store<f64>(best, <f64>feature, FEATURE);
          store<f64>(best, <f64>(bin + lane), BIN);
          store<f64>(best, anyMissing ? <f64>side : -1, MISSING_LEFT);
        }
      }
    }
  }
}

// --- rows ---

/** Sorts rows so that those whose bin has a 1 at `goesLeft` come first, each side in its order; returns how many they are. */
export function partition(column: usize, rows: usize, count: usize, goesLeft: usize, scratch: usize): usize {
  let left: usize = 0, right: usize = 0;
  for (let i: usize = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    const step = <usize>load<u8>(goesLeft + <usize>load<u8>(column + row));
    store<u32>(rows + (left << 2), row);
    store<u32>(scratch + (right << 2), row);
    left += step;
    right += 1 - step;
  }
  memory.copy(rows + (left << 2), scratch, right << 2);
  return left;
}

/** The same by a cut: bins up to `bin` go left, and the bin `also`; 256 where there is no such bin. */
export function partitionAt(column: usize, rows: usize, count: usize, bin: u32, also: u32, scratch: usize): usize {
  let left: usize = 0, right: usize = 0;
  for (let i: usize = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    const own = <u32>load<u8>(column + row);
    const step = <usize>(<i32>(own <= bin) | <i32>(own == also));
    store<u32>(rows + (left << 2), row);
    store<u32>(scratch + (right << 2), row);
    left += step;
    right += 1 - step;
  }
  memory.copy(rows + (left << 2), scratch, right << 2);
  return left;
}

/** Numbers the rows from 0. */
export function numberRows(rows: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++) store<u32>(rows + (i << 2), <u32>i);
}

/** The sums of two columns over the named rows, in their order, at `out`. */
export function sumRows(gradient: usize, hessian: usize, rows: usize, count: usize, out: usize): void {
  let g: f64 = 0, h: f64 = 0;
  for (let i: usize = 0; i < count; i++) {
    const at = <usize>load<u32>(rows + (i << 2)) << 3;
    g += load<f64>(gradient + at);
    h += load<f64>(hessian + at);
  }
  store<f64>(out, g);
  store<f64>(out, h, 8);
}

/** Adds a value to the named rows of a column. */
export function addToRows(sums: usize, rows: usize, count: usize, value: f64): void {
  for (let i: usize = 0; i < count; i++) {
    const at = sums + (<usize>load<u32>(rows + (i << 2)) << 3);
    store<f64>(at, load<f64>(at) + value);
  }
}
