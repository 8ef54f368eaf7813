// What there is to know of a column of doubles: least, greatest, missing (NaN) and how many distinct ones. The caller lays out the memory.

let least: f64 = Infinity;
let greatest: f64 = -Infinity;
let missing: i32 = 0;

export function heapBase(): usize {
  return __heap_base;
}
export function leastNow(): f64 {
  return least;
}
export function greatestNow(): f64 {
  return greatest;
}
export function missingNow(): i32 {
  return missing;
}

/** Finds the least and greatest of `count` values and counts the missing ones; the count is even, filled up with NaN. */
export function measure(at: usize, count: i32): void {
  let low = f64x2.splat(Infinity);
  let high = f64x2.splat(-Infinity);
  let nans = i64x2.splat(0);
  const end = at + ((<usize>count) << 3);
  for (let p = at; p < end; p += 16) {
    const values = v128.load(p);
    low = f64x2.pmin(low, values);
    high = f64x2.pmax(high, values);
    nans = i64x2.sub(nans, f64x2.ne(values, values));
  }
  least = min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1));
  greatest = max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1));
  missing = <i32>(i64x2.extract_lane(nans, 0) + i64x2.extract_lane(nans, 1));
}

/** How many distinct whole numbers there are from `from` on, by a field of zeros; -1 when one is not whole. */
export function countWhole(at: usize, count: i32, from: f64, field: usize): i32 {
  const end = at + ((<usize>count) << 3);
  let distinct = 0;
  for (let p = at; p < end; p += 8) {
    const value = load<f64>(p);
    if (value != value) continue;
    if (value != trunc(value)) return -1;
    const seen = field + <usize>(value - from);
    distinct += 1 - <i32>load<u8>(seen);
    store<u8>(seen, 1);
  }
  return distinct;
}

// @ts-ignore: decorator
@inline
function hashOf(bits: u64): u64 {
  return (bits ^ (bits >> 32)) * 0x9e3779b97f4a7c15;
}

/** Counts how many values fall into each of 2^bits parts. */
export function countParts(at: usize, count: i32, bits: u64, ends: usize): void {
  const end = at + ((<usize>count) << 3);
  for (let p = at; p < end; p += 8) {
    const part = ends + (<usize>(hashOf(load<u64>(p)) >> (64 - bits)) << 2);
    store<u32>(part, load<u32>(part) + 1);
  }
}

/** Brings the values into the order of their parts; `ends` holds where each part begins, and then where it ends. */
export function divide(at: usize, count: i32, bits: u64, ends: usize, sorted: usize): void {
  const end = at + ((<usize>count) << 3);
  for (let p = at; p < end; p += 8) {
    const value = load<u64>(p);
    const part = ends + (<usize>(hashOf(value) >> (64 - bits)) << 2);
    const place = load<u32>(part);
    store<u64>(sorted + ((<usize>place) << 3), value);
    store<u32>(part, place + 1);
  }
}

/** Counts the distinct values of one part but 0, which is an empty place, by a table of zeros with 2^tableBits places; -1 when they are too many for it. */
export function countPart(at: usize, count: i32, bits: u64, table: usize, tableBits: u64): i32 {
  const end = at + ((<usize>count) << 3);
  const mask = ((<usize>1) << (<usize>tableBits)) - 1;
  let distinct = 0;
  for (let p = at; p < end; p += 8) {
    const value = load<f64>(p);
    if (value != value) continue;
    let slot = <usize>((hashOf(load<u64>(p)) << bits) >> (64 - tableBits));
    for (;;) {
      const held = load<f64>(table + (slot << 3));
      if (held == value) break;
      if (held == 0) {
        store<f64>(table + (slot << 3), value);
        if (<usize>(++distinct << 1) > mask) return -1;
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return distinct;
}
