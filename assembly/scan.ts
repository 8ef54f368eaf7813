// Scans the records of a CSV for columns of numbers, and of texts by the codes of their bytes. What is odd is left to the careful reader:
// quotes in odd places, line ends inside quotes, records of the wrong length, zero bytes. What is no plain number goes on a list for the caller
// to judge. The caller lays out the memory, and puts a zero byte and 16 more that may be read behind the input.

// Why a scan ended; a record that was begun is begun again by the next one.
const NEED_INPUT: i32 = 0;
const ROWS_FULL: i32 = 1;
const LIST_FULL: i32 = 2;
const NEED_ROOM: i32 = 3;
const TABLE_FULL: i32 = 4;
const ODD: i32 = 5;

// What a column is read as.
const SKIP: u32 = 0;
const NUMBER: u32 = 1;

// What was among the numbers of a column.
const INTEGER: u32 = 1;
const WHOLE_DECIMAL: u32 = 2;
const DECIMAL: u32 = 4;
const PADDED: u32 = 8;
const UNSAFE: u32 = 16;

// A column: how it is read, what was among its numbers, where its values go, the code of its next new text.
const COLUMN_BYTES: usize = 16;
const FLAGS_AT: usize = 4;
const OUT_AT: usize = 8;
const CODE_AT: usize = 12;

// A cell on the list: row of the block, column, place and length.
const CELL_BYTES: usize = 16;

// A text in the arena: column, code, length, hash; then its bytes, filled up with zeros to 8.
const TEXT_BYTES: usize = 16;

const QUOTE: u32 = 34;
const LF: u32 = 10;
const CR: u32 = 13;
const MAX_SAFE: u64 = 9007199254740991;

let delimiter: u32 = 44;
let width: u32 = 0;
let columns: usize = 0;
let powers: usize = 0;
let tens: usize = 0;
let shuffles: usize = 0;
let words: usize = 0;
let wordCount: u32 = 0;
let marks: usize = 0;
let markCount: u32 = 0;
let list: usize = 0;
let listRoom: u32 = 0;
let table: usize = 0;
let tableMask: u32 = 0;
let textCount: u32 = 0;
let arena: usize = 0;
let arenaEnd: usize = 0;

let inputEnd: usize = 0;
let row: u32 = 0;
let listCount: u32 = 0;
let reason: i32 = 0;
let place: usize = 0;

export function heapBase(): usize {
  return __heap_base;
}

/**
 * Where the constant tables lie: 128-bit powers of five from -342 to 308, the powers of ten to 22, and for a point at 0 to 15 and 0 to 15
 * digits the places that bring the digits to the end of 16 bytes.
 */
export function setNumbers(powersAt: usize, tensAt: usize, shufflesAt: usize): void {
  powers = powersAt;
  tens = tensAt;
  shuffles = shufflesAt;
}

export function setColumns(separator: u32, count: u32, columnsAt: usize, listAt: usize, room: u32): void {
  delimiter = separator;
  width = count;
  columns = columnsAt;
  list = listAt;
  listRoom = room;
}

/** Missing marks: words of up to 8 bytes, each filled up with zeros, and numbers. */
export function setMarks(wordsAt: usize, countOfWords: u32, marksAt: usize, countOfMarks: u32): void {
  words = wordsAt;
  wordCount = countOfWords;
  marks = marksAt;
  markCount = countOfMarks;
}

/** Room for new texts. */
export function setArena(start: usize, end: usize): void {
  arena = start;
  arenaEnd = end;
}

/** Moves the texts to a larger, empty table. */
export function setTable(at: usize, mask: u32): void {
  const before = table;
  const beforeMask = tableMask;
  table = at;
  tableMask = mask;
  if (before == 0) return;
  for (let i: u32 = 0; i <= beforeMask; i++) {
    const text = load<u32>(before + ((<usize>i) << 2));
    if (text == 0) continue;
    let slot = load<u32>(text, 12) & mask;
    while (load<u32>(at + ((<usize>slot) << 2)) != 0) slot = (slot + 1) & mask;
    store<u32>(at + ((<usize>slot) << 2), text);
  }
}

export function placeNow(): usize {
  return place;
}
export function rowsNow(): u32 {
  return row;
}
export function listNow(): u32 {
  return listCount;
}
export function textsNow(): u32 {
  return textCount;
}
export function arenaNow(): usize {
  return arena;
}

// @ts-ignore: decorator
@inline
function endsField(c: u32): bool {
  return c == delimiter || c == LF || c == CR;
}

/** Stops at a byte where no field can go on: the input's end, or an odd byte. Returns 0. */
function stopAt(p: usize): usize {
  reason = p >= inputEnd ? NEED_INPUT : ODD;
  return 0;
}

// The 128 bits of a product.
let high: u64 = 0;
let low: u64 = 0;

// @ts-ignore: decorator
@inline
function multiply(a: u64, b: u64): void {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const p00 = a0 * b0;
  const p01 = a0 * b1;
  const p10 = a1 * b0;
  const middle = (p00 >> 32) + (p01 & 0xffffffff) + (p10 & 0xffffffff);
  low = (p00 & 0xffffffff) | (middle << 32);
  high = a1 * b1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

/**
 * The double nearest to digits * 10^exponent, by the method of Lemire, "Number Parsing at a Gigabyte per Second" (2021); NaN where it
 * cannot tell, for subnormal numbers and for what a double cannot hold.
 */
function nearestDouble(digits: u64, exponent: i32): f64 {
  if (exponent < -342 || exponent > 308) return NaN;
  const zeros = <i32>clz(digits);
  const w = digits << zeros;
  const power = powers + (<usize>(exponent + 342) << 4);
  multiply(w, load<u64>(power));
  if ((high & 0x1ff) == 0x1ff) {
    const firstHigh = high;
    const firstLow = low;
    multiply(w, load<u64>(power, 8));
    low = firstLow + high;
    high = firstHigh + (high > low ? 1 : 0);
  }
  if (low == 0xffffffffffffffff && (exponent < -27 || exponent > 55)) return NaN;
  const upper = <i32>(high >> 63);
  const shift = <u64>(upper + 9);
  let mantissa = high >> shift;
  let binary = ((217706 * exponent) >> 16) + 63 + upper - zeros + 1023;
  if (binary <= 0) return NaN;
  if (low <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3) == 1 && mantissa << shift == high) mantissa &= ~1;
  mantissa += mantissa & 1;
  mantissa >>= 1;
  if (mantissa >= 1 << 53) {
    mantissa = 1 << 52;
    binary++;
  }
  if (binary >= 0x7ff) return NaN;
  return reinterpret<f64>((mantissa & ~(1 << 52)) | (<u64>binary << 52));
}

/** Whether the bytes are one of the missing words. */
function isMissing(start: usize, length: usize): bool {
  if (length > 8) return false;
  const bytes = load<u64>(start) & (length == 8 ? ~0 : (<u64>1 << (length << 3)) - 1);
  for (let i: u32 = 0; i < wordCount; i++) if (load<u64>(words + ((<usize>i) << 3)) == bytes) return true;
  return false;
}

/** Whether the quoted field that was passed last holds a quote, which is written twice. */
let doubled: bool = false;

/** The place of the closing quote of the field whose content begins at `p`; 0 when it is odd or not all there. */
function closingQuote(p: usize): usize {
  doubled = false;
  for (;;) {
    const c = <u32>load<u8>(p);
    if (c == LF || c == CR || c == 0) return stopAt(p);
    if (c == QUOTE) {
      if (<u32>load<u8>(p, 1) != QUOTE) break;
      doubled = true;
      p++;
    }
    p++;
  }
  if (endsField(load<u8>(p, 1))) return p;
  return stopAt(p + 1);
}

/** The end of a field without quotes; 0 when it is odd or not all there. */
function plainEnd(p: usize): usize {
  const wanted = i8x16.splat(<i8>delimiter);
  for (;;) {
    const bytes = v128.load(p);
    let found = v128.or(i8x16.eq(bytes, wanted), i8x16.eq(bytes, i8x16.splat(34)));
    found = v128.or(found, v128.or(i8x16.eq(bytes, i8x16.splat(10)), i8x16.eq(bytes, i8x16.splat(13))));
    found = v128.or(found, i8x16.eq(bytes, i8x16.splat(0)));
    const bits = i8x16.bitmask(found);
    if (bits != 0) {
      p += <usize>ctz(bits);
      break;
    }
    p += 16;
  }
  if (p < inputEnd && endsField(load<u8>(p))) return p;
  return stopAt(p);
}

/** A cell that is no plain number: missing, or for the caller to judge. Returns the place of what ends the field, or 0. */
function oddNumber(start: usize, column: u32, out: usize): usize {
  let end: usize;
  let from = start;
  let after: usize;
  if (load<u8>(start) == QUOTE) {
    from = start + 1;
    end = closingQuote(from);
    after = end + 1;
  } else {
    end = plainEnd(start);
    after = end;
  }
  if (end == 0) return 0;
  if (from != start && doubled) {
    reason = ODD;
    return 0;
  }
  store<f64>(out, NaN);
  if (end == from || isMissing(from, end - from)) return after;
  const cell = list + (<usize>listCount) * CELL_BYTES;
  listCount++;
  store<u32>(cell, row);
  store<u32>(cell, column, 4);
  store<u32>(cell, from, 8);
  store<u32>(cell, end - from, 12);
  return after;
}

// The digits as a number; each byte is a digit's value, the last one in the last byte.
// @ts-ignore: decorator
@inline
function numberOf(digits: v128): u64 {
  // Pairs of bytes, then of those, are each one number: the first of a pair weighs more.
  const tens = i16x8.mul(v128.and(digits, i16x8.splat(0xff)), i16x8.splat(10));
  const pairs = i16x8.add(tens, i16x8.shr_u(digits, 8));
  const fours = i32x4.dot_i16x8_s(pairs, i16x8(100, 1, 100, 1, 100, 1, 100, 1));
  const first = <u64>(i32x4.extract_lane(fours, 0) * 10000 + i32x4.extract_lane(fours, 1));
  const second = <u64>(i32x4.extract_lane(fours, 2) * 10000 + i32x4.extract_lane(fours, 3));
  return first * 100000000 + second;
}

// Whether the value is one of the missing marks.
// @ts-ignore: decorator
@inline
function isMark(value: f64): bool {
  for (let i: u32 = 0; i < markCount; i++) if (load<f64>(marks + ((<usize>i) << 3)) == value) return true;
  return false;
}

/**
 * A number of up to 15 digits in 16 bytes, as most are, without a loop over its digits; the rest is for `scanLongNumber`. What tells where
 * the field ends hangs on nothing else, so that the next field is begun while this one is worked out.
 */
function scanNumber(start: usize, column: u32, at: usize): usize {
  const bytes = v128.load(start);
  let ends = v128.or(i8x16.eq(bytes, i8x16.splat(10)), i8x16.eq(bytes, i8x16.splat(13)));
  ends = v128.or(ends, i8x16.eq(bytes, i8x16.splat(<i8>delimiter)));
  // A bit behind the last one stands for a field that goes on.
  const length = ctz(i8x16.bitmask(ends) | 0x10000);
  const negative = <i32>(load<u8>(start) == 45);
  const first = start + <usize>negative;
  const size = length - negative;
  const values = i8x16.sub(v128.load(first), i8x16.splat(48));
  const others = i8x16.bitmask(i8x16.gt_u(values, i8x16.splat(9))) & ((1 << size) - 1);
  // Where the point is, or behind all digits when there is none.
  const pointAt = ctz(others | (1 << size));
  const count = size - <i32>(others != 0);
  if (length > 15 || count < 1) return scanLongNumber(start, column, at);
  const isOdd = (others & (others - 1)) | <i32>(load<u8>(first + <usize>pointAt) != 46);
  if (others != 0 && isOdd != 0) return scanLongNumber(start, column, at);
  const places = v128.load(shuffles + (<usize>((pointAt << 4) | count) << 4));
  const digits = numberOf(i8x16.swizzle(values, places));
  const decimals = <usize>(count - pointAt);
  const amount = <f64>digits / load<f64>(tens + (decimals << 3));
  // A branch on the sign would be guessed wrong for every other number around 0.
  const value = reinterpret<f64>(reinterpret<u64>(amount) | (<u64>negative << 63));
  const out = <usize>load<u32>(at, OUT_AT) + ((<usize>row) << 3);
  const after = start + <usize>length;
  if (isMark(value)) {
    store<f64>(out, NaN);
    return after;
  }
  const pointed = trunc(amount) == amount ? WHOLE_DECIMAL : DECIMAL;
  const plain = <u32>(count > 1) & <u32>(load<u8>(first) == 48) ? PADDED : INTEGER;
  const kind = others != 0 ? pointed : plain;
  store<u32>(at, load<u32>(at, FLAGS_AT) | kind, FLAGS_AT);
  store<f64>(out, value);
  return after;
}

/** Reads any number; returns the place of what ends the field, or 0. */
function scanLongNumber(start: usize, column: u32, at: usize): usize {
  const out = <usize>load<u32>(at, OUT_AT) + ((<usize>row) << 3);
  let p = start;
  let c = <u32>load<u8>(p);
  const quoted = c == QUOTE;
  if (quoted) c = load<u8>(++p);
  const negative = c == 45;
  if (negative || c == 43) c = load<u8>(++p);
  const first = p;
  const leading = c;
  let digits: u64 = 0;
  while (c - 48 < 10) {
    digits = digits * 10 + <u64>(c - 48);
    c = load<u8>(++p);
  }
  let count = <i32>(p - first);
  let exponent: i32 = 0;
  const pointed = c == 46;
  if (pointed) {
    const point = ++p;
    c = load<u8>(p);
    while (c - 48 < 10) {
      digits = digits * 10 + <u64>(c - 48);
      c = load<u8>(++p);
    }
    exponent = -(<i32>(p - point));
    count -= exponent;
  }
  const scientific = (c | 32) == 101;
  if (scientific) {
    c = load<u8>(++p);
    const down = c == 45;
    if (down || c == 43) c = load<u8>(++p);
    const from = p;
    let value: i32 = 0;
    while (c - 48 < 10) {
      value = value * 10 + <i32>(c - 48);
      c = load<u8>(++p);
    }
    if (p == from || p - from > 4) return oddNumber(start, column, out);
    exponent += down ? -value : value;
  }
  let after = p;
  if (quoted && c == QUOTE) c = load<u8>(++after);
  else if (quoted) return oddNumber(start, column, out);
  if (!endsField(c) || count == 0 || count > 19) return oddNumber(start, column, out);
  let value: f64;
  if (digits <= MAX_SAFE + 1 && exponent >= -22 && exponent <= 22) {
    value = <f64>digits;
    if (exponent < 0) value /= load<f64>(tens + (<usize>-exponent << 3));
    else if (exponent > 0) value *= load<f64>(tens + (<usize>exponent << 3));
  } else if (digits == 0) value = 0;
  else if (exponent == 0) value = <f64>digits;
  else {
    value = nearestDouble(digits, exponent);
    if (value != value) return oddNumber(start, column, out);
  }
  if (negative) value = -value;
  if (isMark(value)) {
    store<f64>(out, NaN);
    return after;
  }
  let kind: u32;
  if (pointed || scientific) {
    const whole = abs(value) <= <f64>MAX_SAFE && trunc(value) == value;
    kind = whole ? (scientific ? INTEGER : WHOLE_DECIMAL) : DECIMAL;
  } else if (count > 1 && leading == 48) kind = PADDED;
  else kind = digits <= MAX_SAFE ? INTEGER : UNSAFE;
  store<u32>(at, load<u32>(at, FLAGS_AT) | kind, FLAGS_AT);
  store<f64>(out, value);
  return after;
}

// @ts-ignore: decorator
@inline
function mix(hash: u64, bytes: u64): u64 {
  const mixed = (hash ^ bytes) * 0x9fb21c651e98df25;
  return mixed ^ (mixed >> 32);
}

/** Reads a text by its bytes; returns the place of what ends the field, or 0. */
function scanText(start: usize, column: u32, at: usize): usize {
  let from = start;
  let end: usize;
  let after: usize;
  if (load<u8>(start) == QUOTE) {
    from = start + 1;
    end = closingQuote(from);
    after = end + 1;
  } else {
    end = plainEnd(start);
    after = end;
  }
  if (end == 0) return 0;
  if (from != start && doubled) {
    // With its quotes on, so that the caller knows that two of them are one.
    from = start;
    end = after;
  }
  const length = end - from;
  let hash: u64 = (<u64>column << 32) | <u64>length;
  let p = from;
  for (; p + 8 <= end; p += 8) hash = mix(hash, load<u64>(p));
  const tail = p < end ? load<u64>(p) & ((<u64>1 << ((end - p) << 3)) - 1) : 0;
  const short = <u32>mix(hash, tail);
  let slot = short & tableMask;
  for (;;) {
    const text = load<u32>(table + ((<usize>slot) << 2));
    if (text == 0) break;
    if (load<u32>(text, 12) == short && load<u32>(text) == column && load<u32>(text, 8) == <u32>length) {
      let a = <usize>text + TEXT_BYTES;
      let b = from;
      while (b + 8 <= end && load<u64>(a) == load<u64>(b)) {
        a += 8;
        b += 8;
      }
      if (b + 8 > end && (b == end || load<u64>(a) == tail)) {
        store<u32>(<usize>load<u32>(at, OUT_AT) + ((<usize>row) << 2), load<u32>(text, 4));
        return after;
      }
    }
    slot = (slot + 1) & tableMask;
  }
  if (textCount << 1 > tableMask) {
    reason = TABLE_FULL;
    return 0;
  }
  const text = arena;
  const bytes = (length + 7) & ~7;
  if (text + TEXT_BYTES + bytes > arenaEnd) {
    reason = NEED_ROOM;
    return 0;
  }
  const code = load<u32>(at, CODE_AT);
  store<u32>(at, code + 1, CODE_AT);
  store<u32>(text, column);
  store<u32>(text, code, 4);
  store<u32>(text, length, 8);
  store<u32>(text, short, 12);
  if (bytes > 0) {
    store<u64>(text + TEXT_BYTES + bytes - 8, 0);
    memory.copy(text + TEXT_BYTES, from, length);
  }
  arena = text + TEXT_BYTES + bytes;
  textCount++;
  store<u32>(table + ((<usize>slot) << 2), <u32>text);
  store<u32>(<usize>load<u32>(at, OUT_AT) + ((<usize>row) << 2), code);
  return after;
}

/** Passes over a field; returns the place of what ends it, or 0. */
function skipField(start: usize): usize {
  if (load<u8>(start) != QUOTE) return plainEnd(start);
  const end = closingQuote(start + 1);
  return end == 0 ? 0 : end + 1;
}

/** Whether there is nothing but blanks. */
function isBlank(p: usize, end: usize): bool {
  for (; p < end; p++) {
    const c = <u32>load<u8>(p);
    if (c != 32 && c != 9 && c != 11 && c != 12) return false;
  }
  return true;
}

/** The place behind the line end at `p`; 0 when the next byte decides and is not there yet. */
function behindLineEnd(p: usize): usize {
  if (load<u8>(p) == LF) return p + 1;
  if (p + 1 >= inputEnd) return 0;
  return load<u8>(p, 1) == LF ? p + 2 : p + 1;
}

/** Scans a record; returns the place behind it, or 0 with the reason. `row` counts on when it was no blank line. */
function scanRecord(start: usize): usize {
  let p = start;
  for (let column: u32 = 0; column < width; column++) {
    const at = columns + (<usize>column) * COLUMN_BYTES;
    const mode = load<u32>(at);
    p = mode == NUMBER ? scanNumber(p, column, at) : mode == SKIP ? skipField(p) : scanText(p, column, at);
    if (p == 0) return 0;
    if (p >= inputEnd) return stopAt(p);
    const c = <u32>load<u8>(p);
    if (column + 1 < width && c == delimiter) p++;
    else if (c == delimiter) return stopAt(p);
    else if (column + 1 < width) {
      const next = behindLineEnd(p);
      if (column == 0 && isBlank(start, p) && next != 0) return next;
      reason = next == 0 ? NEED_INPUT : ODD;
      return 0;
    }
  }
  const next = behindLineEnd(p);
  if (next == 0) reason = NEED_INPUT;
  else row++;
  return next;
}

/** Scans whole records from `start` on, at most `most`; returns why it ended. The tables hold what it found. */
export function scan(start: usize, end: usize, most: u32): i32 {
  inputEnd = end;
  row = 0;
  listCount = 0;
  place = start;
  while (row < most) {
    if (place >= end) return NEED_INPUT;
    if (listCount + width > listRoom) return LIST_FULL;
    const before = listCount;
    const rowBefore = row;
    const next = scanRecord(place);
    if (next == 0) {
      listCount = before;
      return reason;
    }
    if (row == rowBefore) listCount = before;
    place = next;
  }
  return ROWS_FULL;
}
