// The arithmetic of the LSTM, four float32 at a time. `src/models/lstm/plain-kernels.ts` is its twin: both round after every
// operation and add in the same order, so both give the same bytes. Offsets and strides are in floats.
//
// A panel matrix lies in strips of 8 columns, each strip row by row: what the inner loops read next lies next to what they
// read last. Gates are columns in the order of their unit: 4 units' i, f, g, o fill 16 columns, two panels.

const LANES: usize = 16;
/** Bytes of one row of a panel. */
const ROW: usize = 32;

@inline
function at(offset: i32): usize {
  return (<usize>offset) << 2;
}

/**
 * C = A x B, or C + A x B where `adds`. The columns of A lie `aStep` apart, `inner` of them in each of `blocks` blocks,
 * which lie `aBlock` apart. B and C are panel matrices.
 */
export function multiply(
  a: i32, aRow: i32, aStep: i32, inner: i32, blocks: i32, aBlock: i32,
  b: i32, bPanel: i32,
  c: i32, cPanel: i32, rows: i32, panels: i32, adds: i32,
): void {
  const rowBytes = at(aRow);
  const step = at(aStep);
  for (let panel = 0; panel < panels; panel++) {
    let aRows = at(a);
    const bStart = at(b + panel * bPanel);
    let to = at(c + panel * cPanel);
    let row = 0;
    for (; row + 4 <= rows; row += 4) {
      let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00;
      let c20 = c00, c21 = c00, c30 = c00, c31 = c00;
      let pb = bStart;
      let block = aRows;
      for (let i = 0; i < blocks; i++) {
        let p0 = block, p1 = p0 + rowBytes, p2 = p1 + rowBytes, p3 = p2 + rowBytes;
        for (let k = inner; k > 0; k--) {
          const b0 = v128.load(pb), b1 = v128.load(pb, LANES);
          let x = v128.load32_splat(p0);
          c00 = f32x4.add(c00, f32x4.mul(x, b0));
          c01 = f32x4.add(c01, f32x4.mul(x, b1));
          x = v128.load32_splat(p1);
          c10 = f32x4.add(c10, f32x4.mul(x, b0));
          c11 = f32x4.add(c11, f32x4.mul(x, b1));
          x = v128.load32_splat(p2);
          c20 = f32x4.add(c20, f32x4.mul(x, b0));
          c21 = f32x4.add(c21, f32x4.mul(x, b1));
          x = v128.load32_splat(p3);
          c30 = f32x4.add(c30, f32x4.mul(x, b0));
          c31 = f32x4.add(c31, f32x4.mul(x, b1));
          pb += ROW;
          p0 += step;
          p1 += step;
          p2 += step;
          p3 += step;
        }
        block += at(aBlock);
      }
      put(to, c00, c01, adds);
      put(to + ROW, c10, c11, adds);
      put(to + 2 * ROW, c20, c21, adds);
      put(to + 3 * ROW, c30, c31, adds);
      to += 4 * ROW;
      aRows += 4 * rowBytes;
    }
    for (; row < rows; row++) {
      let c0 = f32x4.splat(0), c1 = c0;
      let pb = bStart;
      let block = aRows;
      for (let i = 0; i < blocks; i++) {
        let p = block;
        for (let k = inner; k > 0; k--) {
          const x = v128.load32_splat(p);
          c0 = f32x4.add(c0, f32x4.mul(x, v128.load(pb)));
          c1 = f32x4.add(c1, f32x4.mul(x, v128.load(pb, LANES)));
          pb += ROW;
          p += step;
        }
        block += at(aBlock);
      }
      put(to, c0, c1, adds);
      to += ROW;
      aRows += rowBytes;
    }
  }
}

@inline
function put(to: usize, low: v128, high: v128, adds: i32): void {
  if (adds) {
    low = f32x4.add(low, v128.load(to));
    high = f32x4.add(high, v128.load(to, LANES));
  }
  v128.store(to, low);
  v128.store(to, high, LANES);
}

/**
 * tanh as x P(x x) / Q(x x), fitted for the least greatest relative error up to 8.5, where float32 cannot tell it from 1:
 * off by at most 3.2e-7. NaN stays NaN.
 */
@inline
function tanh4(value: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(value, f32x4.splat(8.5)), f32x4.splat(-8.5));
  const u = f32x4.mul(x, x);
  let p = f32x4.splat(2.0724267787985973e-11);
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(-1.3719069436035625e-8));
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(9.573786883265711e-6));
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(0.002953882794827223));
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(0.12949895858764648));
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(0.9999999403953552));
  let q = f32x4.splat(0.00023270394012797624);
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(0.023898320272564888));
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(0.4628320038318634));
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(1));
  const t = f32x4.div(f32x4.mul(x, p), q);
  return f32x4.pmax(f32x4.pmin(t, f32x4.splat(1)), f32x4.splat(-1));
}

@inline
function sigmoid4(x: v128): v128 {
  const half = f32x4.splat(0.5);
  return f32x4.add(f32x4.mul(tanh4(f32x4.mul(x, half)), half), half);
}

/**
 * One time step of one layer. `z`: the gates' sums, replaced by the gates. `c`: the cells before; `cNext`: the cells after and
 * `t`: their tanh, all of 4 units a row. `h`: what the layer gives, a panel matrix.
 */
export function stepForward(
  z: i32, zPanel: i32, c: i32, cNext: i32, t: i32, h: i32, hPanel: i32, rows: i32, quads: i32,
): void {
  let cFrom = at(c), cTo = at(cNext), tTo = at(t);
  for (let quad = 0; quad < quads; quad++) {
    let left = at(z + 2 * quad * zPanel), right = left + at(zPanel);
    let hTo = at(h + (quad >> 1) * hPanel + (quad & 1) * 4);
    for (let row = 0; row < rows; row++) {
      const i = sigmoid4(v128.load(left)), f = sigmoid4(v128.load(left, LANES));
      const g = tanh4(v128.load(right)), o = sigmoid4(v128.load(right, LANES));
      const cell = f32x4.add(f32x4.mul(f, v128.load(cFrom)), f32x4.mul(i, g));
      const squashed = tanh4(cell);
      v128.store(left, i);
      v128.store(left, f, LANES);
      v128.store(right, g);
      v128.store(right, o, LANES);
      v128.store(cTo, cell);
      v128.store(tTo, squashed);
      v128.store(hTo, f32x4.mul(o, squashed));
      left += ROW;
      right += ROW;
      hTo += ROW;
      cFrom += LANES;
      cTo += LANES;
      tTo += LANES;
    }
  }
}

/**
 * The gradient of one time step. `z`: the gates, replaced by the gradient of their sums. `dh`: of what the layer gave, a panel
 * matrix; `dc`: of the cells after, replaced by that of the cells before.
 */
export function stepBackward(
  z: i32, zPanel: i32, c: i32, t: i32, dh: i32, dhPanel: i32, dc: i32, rows: i32, quads: i32,
): void {
  const one = f32x4.splat(1);
  let cFrom = at(c), tFrom = at(t), dcAt = at(dc);
  for (let quad = 0; quad < quads; quad++) {
    let left = at(z + 2 * quad * zPanel), right = left + at(zPanel);
    let dhFrom = at(dh + (quad >> 1) * dhPanel + (quad & 1) * 4);
    for (let row = 0; row < rows; row++) {
      const i = v128.load(left), f = v128.load(left, LANES);
      const g = v128.load(right), o = v128.load(right, LANES);
      const squashed = v128.load(tFrom), dOut = v128.load(dhFrom);
      const slope = f32x4.sub(one, f32x4.mul(squashed, squashed));
      const dCell = f32x4.add(v128.load(dcAt), f32x4.mul(f32x4.mul(dOut, o), slope));
      const di = f32x4.mul(f32x4.mul(dCell, g), f32x4.mul(i, f32x4.sub(one, i)));
      const df = f32x4.mul(f32x4.mul(dCell, v128.load(cFrom)), f32x4.mul(f, f32x4.sub(one, f)));
      const dg = f32x4.mul(f32x4.mul(dCell, i), f32x4.sub(one, f32x4.mul(g, g)));
      const dOpen = f32x4.mul(f32x4.mul(dOut, squashed), f32x4.mul(o, f32x4.sub(one, o)));
      v128.store(left, di);
      v128.store(left, df, LANES);
      v128.store(right, dg);
      v128.store(right, dOpen, LANES);
      v128.store(dcAt, f32x4.mul(dCell, f));
      left += ROW;
      right += ROW;
      dhFrom += ROW;
      cFrom += LANES;
      tFrom += LANES;
      dcAt += LANES;
    }
  }
}

/** The transpose of `rows` rows (a multiple of 8) of a panel matrix, as a panel matrix. */
export function transpose(from: i32, fromPanel: i32, to: i32, toPanel: i32, rows: i32, panels: i32): void {
  for (let panel = 0; panel < panels; panel++) {
    let read = at(from + panel * fromPanel);
    for (let row = 0; row < rows; row++) {
      let write = at(to + (row >> 3) * toPanel + panel * 64 + (row & 7));
      for (let column: usize = 0; column < ROW; column += 4) {
        store<f32>(write, load<f32>(read + column));
        write += ROW;
      }
      read += ROW;
    }
  }
}

/** The sum of squares of `count` floats (a multiple of 8), added in float64 in two lanes. */
export function sumSquares(from: i32, count: i32): f64 {
  let sum = f64x2.splat(0);
  let read = at(from);
  const end = read + at(count);
  for (; read < end; read += 8) {
    const pair = f64x2.promote_low_f32x4(v128.load64_zero(read));
    sum = f64x2.add(sum, f64x2.mul(pair, pair));
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * Adam on `count` weights (a multiple of 4), with their gradients times `scale`. `keep` times the weight is what decoupled
 * decay leaves of it; `decay` times the weight is added to the gradient.
 */
export function adam(
  w: i32, g: i32, m: i32, v: i32, count: i32,
  scale: f32, decay: f32, keep: f32, one: f32, two: f32, rate: f32, root: f32, epsilon: f32,
): void {
  const first = f32x4.splat(one), second = f32x4.splat(two);
  for (let i: usize = 0; i < at(count); i += LANES) {
    const weight = v128.load(at(w) + i);
    const gradient = f32x4.add(
      f32x4.mul(v128.load(at(g) + i), f32x4.splat(scale)),
      f32x4.mul(weight, f32x4.splat(decay)),
    );
    const m0 = v128.load(at(m) + i), v0 = v128.load(at(v) + i);
    const mean = f32x4.add(m0, f32x4.mul(first, f32x4.sub(gradient, m0)));
    const square = f32x4.add(v0, f32x4.mul(second, f32x4.sub(f32x4.mul(gradient, gradient), v0)));
    v128.store(at(m) + i, mean);
    v128.store(at(v) + i, square);
    const below = f32x4.add(f32x4.mul(f32x4.sqrt(square), f32x4.splat(root)), f32x4.splat(epsilon));
    const step = f32x4.div(f32x4.mul(mean, f32x4.splat(rate)), below);
    v128.store(at(w) + i, f32x4.sub(f32x4.mul(weight, f32x4.splat(keep)), step));
  }
}
