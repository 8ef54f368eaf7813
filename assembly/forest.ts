// The search for a split of a random forest's node, for one sum a row (a number, or a class of two). Its plain twin is
// src/models/trees/random-split.ts: both give the same bytes, because each bin and each prefix is summed in the same order.

/** The arrays that one thread works on, as addresses; and the present node. */
let bins: usize, rowCount: usize, targets: usize, counts: usize, rows: usize, scratch: usize;
let valueBins: usize, room: usize, reals: usize, ints: usize, sides: usize;
let minLeaf: f64;
let first: usize, end: usize;
let weight: f64, sum: f64;

/** A histogram has 256 bins of [draws, sum]; a little between two keeps their bins out of each other's way in the cache. */
const HISTOGRAM: usize = 4096 + 128;
/** Behind four histograms: of each feature the bits of the bins that hold rows, then a small node's rows, sorted. */
const MARKS: usize = 4 * HISTOGRAM;
const STATS: usize = MARKS + 4 * 32;
const KEYS: usize = STATS + 16 * 16;
/** A node of up to so many rows is sorted, a larger one is counted into bins. */
const SMALL: usize = 16;

export function setUp(
  binsAt: usize, rowCountOf: usize, targetsAt: usize, countsAt: usize, rowsAt: usize, scratchAt: usize,
  valueBinsAt: usize, roomAt: usize, realsAt: usize, intsAt: usize, sidesAt: usize, least: f64,
): void {
  bins = binsAt; rowCount = rowCountOf; targets = targetsAt; counts = countsAt; rows = rowsAt; scratch = scratchAt;
  valueBins = valueBinsAt; room = roomAt; reals = realsAt; ints = intsAt; sides = sidesAt; minLeaf = least;
}

/** Sums up rows[from..to), which become the present node; returns whether their targets differ. */
export function measure(from: usize, to: usize): i32 {
  first = rows + (from << 2);
  end = rows + (to << 2);
  let w: f64 = 0, s: f64 = 0, differ: i32 = 0;
  const one = load<f64>(targets + (<usize>load<u32>(first) << 3));
  for (let at = first; at < end; at += 4) {
    const row = <usize>load<u32>(at);
    const target = load<f64>(targets + (row << 3));
    const count = <f64>load<i32>(counts + (row << 2));
    w += count;
    s += count * target;
    differ |= i32(target != one);
  }
  weight = w;
  sum = s;
  return differ;
}
export function nodeWeight(): f64 { return weight; }
export function nodeSum(): f64 { return sum; }

@inline function statOf(row: usize): v128 {
  const count = <f64>load<i32>(counts + (row << 2));
  return f64x2.replace_lane(f64x2.splat(count), 1, count * load<f64>(targets + (row << 3)));
}
@inline function addTo(at: usize, stat: v128): void { v128.store(at, f64x2.add(v128.load(at), stat)); }
@inline function mark(at: usize, bin: usize): void {
  const word = at + ((bin >> 6) << 3);
  store<u64>(word, load<u64>(word) | (<u64>1 << (bin & 63)));
}

/** Counts the node's rows into the histograms of four features. */
function countFour(features: usize): void {
  const a = bins + <usize>load<u32>(features) * rowCount, b = bins + <usize>load<u32>(features, 4) * rowCount;
  const c = bins + <usize>load<u32>(features, 8) * rowCount, d = bins + <usize>load<u32>(features, 12) * rowCount;
  const h = room, m = room + MARKS;
  for (let at = first; at < end; at += 4) {
    const row = <usize>load<u32>(at);
    const stat = statOf(row);
    const i = <usize>load<u8>(a + row), j = <usize>load<u8>(b + row);
    const k = <usize>load<u8>(c + row), l = <usize>load<u8>(d + row);
    addTo(h + (i << 4), stat);
    addTo(h + HISTOGRAM + (j << 4), stat);
    addTo(h + 2 * HISTOGRAM + (k << 4), stat);
    addTo(h + 3 * HISTOGRAM + (l << 4), stat);
    mark(m, i); mark(m + 32, j); mark(m + 64, k); mark(m + 96, l);
  }
}

function countOne(feature: usize): void {
  const a = bins + feature * rowCount;
  for (let at = first; at < end; at += 4) {
    const row = <usize>load<u32>(at);
    const bin = <usize>load<u8>(a + row);
    addTo(room + (bin << 4), statOf(row));
    mark(room + MARKS, bin);
  }
}

let bestScore: f64;
/** The bin that ends the left side of a split just found, until the next bin that holds a row is known. */
let pending: i32;

/** Judges a split: `left` goes left of it. Returns whether the right side is too light, now and after. */
@inline function judge(left: v128, feature: i32, bin: i32, missing: f64, side: i32): bool {
  const leftWeight = f64x2.extract_lane(left, 0);
  if (leftWeight < minLeaf) return false;
  const rightWeight = weight - leftWeight;
  if (rightWeight < minLeaf) return true;
  const leftSum = f64x2.extract_lane(left, 1);
  const rightSum = sum - leftSum;
  const score = (leftSum * leftSum * rightWeight + rightSum * rightSum * leftWeight) / (leftWeight * rightWeight);
  if (score > bestScore) {
    bestScore = score;
    store<f64>(reals, leftWeight, 8);
    store<i32>(ints, feature);
    store<i32>(ints, missing > 0 ? side : i32(leftWeight > rightWeight), 8);
    pending = bin;
  }
  return false;
}

/** In the middle of the bins that the node leaves empty; after the last one all values go left. */
@inline function settle(next: i32): void {
  if (pending < 0) return;
  store<i32>(ints, (pending + next - 1) >> 1, 4);
  pending = -1;
}

/** Searches one feature's histogram, and empties it; returns whether the node's rows differ in it. */
function searchBins(feature: i32, histogram: usize, marks: usize): bool {
  const missingBin = load<i32>(valueBins + (<usize>feature << 2));
  const missingAt = histogram + (<usize>missingBin << 4);
  const missingWord = marks + ((<usize>missingBin >> 6) << 3);
  const missing = v128.load(missingAt);
  const missingWeight = f64x2.extract_lane(missing, 0);
  store<u64>(missingWord, load<u64>(missingWord) & ~(<u64>1 << (<u64>missingBin & 63)));
  let found = missingWeight > 0 ? 1 : 0;
  for (let side = 0; side < (missingWeight > 0 ? 2 : 1); side++) {
    let left = side == 1 ? missing : f64x2.splat(0);
    let over = false;
    for (let word: usize = 0; word < 4; word++) {
      let bits = load<u64>(marks + (word << 3));
      while (bits != 0) {
        const bin = <i32>(word << 6) + <i32>ctz(bits);
        bits &= bits - 1;
        settle(bin);
        if (side == 0) found++;
        if (over) continue;
        left = f64x2.add(left, v128.load(histogram + (<usize>bin << 4)));
        over = judge(left, feature, bin, missingWeight, side);
      }
    }
    if (pending >= 0) { store<i32>(ints, missingBin - 1, 4); pending = -1; }
  }
  const zero = f64x2.splat(0);
  v128.store(missingAt, zero);
  for (let word: usize = 0; word < 4; word++) {
    let bits = load<u64>(marks + (word << 3));
    store<u64>(marks + (word << 3), 0);
    while (bits != 0) {
      v128.store(histogram + ((word << 10) + (<usize>ctz(bits) << 4)), zero);
      bits &= bits - 1;
    }
  }
  return found > 1;
}

/** Searches one feature of a small node, by sorting its rows by their bins; returns whether they differ in it. */
function searchRows(feature: i32): bool {
  const column = bins + <usize>feature * rowCount;
  const missingBin = load<i32>(valueBins + (<usize>feature << 2));
  const keys = room + KEYS;
  let count: usize = 0;
  for (let at = first; at < end; at += 4, count++) {
    const key = (<u32>load<u8>(column + <usize>load<u32>(at)) << 8) | <u32>count;
    let place = count;
    while (place > 0 && load<u32>(keys + ((place - 1) << 2)) > key) {
      store<u32>(keys + (place << 2), load<u32>(keys + ((place - 1) << 2)));
      place--;
    }
    store<u32>(keys + (place << 2), key);
  }
  const low = load<u32>(keys) >> 8;
  if (low == load<u32>(keys + ((count - 1) << 2)) >> 8) return false;
  let missing = f64x2.splat(0);
  let present = count;
  while (present > 0 && <i32>(load<u32>(keys + ((present - 1) << 2)) >> 8) == missingBin) present--;
  for (let i = present; i < count; i++) {
    missing = f64x2.add(missing, v128.load(room + STATS + ((<usize>load<u32>(keys + (i << 2)) & 255) << 4)));
  }
  const missingWeight = f64x2.extract_lane(missing, 0);
  for (let side = 0; side < (missingWeight > 0 ? 2 : 1); side++) {
    let left = side == 1 ? missing : f64x2.splat(0);
    let i: usize = 0;
    while (i < present) {
      const bin = <i32>(load<u32>(keys + (i << 2)) >> 8);
      settle(bin);
      let inBin = f64x2.splat(0);
      do {
        const key = load<u32>(keys + (i << 2));
        if (<i32>(key >> 8) != bin) break;
        inBin = f64x2.add(inBin, v128.load(room + STATS + ((<usize>key & 255) << 4)));
        i++;
      } while (i < present);
      left = f64x2.add(left, inBin);
      if (judge(left, feature, bin, missingWeight, side)) {
        if (pending >= 0 && i < present) settle(<i32>(load<u32>(keys + (i << 2)) >> 8));
        break;
      }
    }
    if (pending >= 0) { store<i32>(ints, missingBin - 1, 4); pending = -1; }
  }
  return true;
}

/** Puts the best split of the present node on these features where it scores higher; returns whether any varies in it. */
export function search(features: usize, count: i32): i32 {
  bestScore = load<f64>(reals);
  pending = -1;
  let varied = false;
  if (end - first <= SMALL << 2) {
    for (let at = first, to = room + STATS; at < end; at += 4, to += 16) v128.store(to, statOf(<usize>load<u32>(at)));
    for (let k = 0; k < count; k++) if (searchRows(load<i32>(features + (<usize>k << 2)))) varied = true;
  } else {
    let k = 0;
    for (; k + 4 <= count; k += 4) {
      const four = features + (<usize>k << 2);
      countFour(four);
      for (let j: usize = 0; j < 4; j++) {
        if (searchBins(load<i32>(four + (j << 2)), room + j * HISTOGRAM, room + MARKS + (j << 5))) varied = true;
      }
    }
    for (; k < count; k++) {
      const feature = load<i32>(features + (<usize>k << 2));
      countOne(<usize>feature);
      if (searchBins(feature, room, room + MARKS)) varied = true;
    }
  }
  store<f64>(reals, bestScore);
  return i32(varied);
}

/** Sorts rows[from..to) by whether their bin goes left, each side in the order it had; returns where the right side begins. */
export function partition(feature: usize, from: usize, to: usize): usize {
  const column = bins + feature * rowCount;
  let left = rows + (from << 2), right = scratch;
  for (let at = left, last = rows + (to << 2); at < last; at += 4) {
    const row = load<u32>(at);
    const goes = <usize>load<u8>(sides + <usize>load<u8>(column + <usize>row));
    store<u32>(left, row);
    store<u32>(right, row);
    left += goes << 2;
    right += (1 - goes) << 2;
  }
  memory.copy(left, scratch, right - scratch);
  return (left - rows) >> 2;
}
