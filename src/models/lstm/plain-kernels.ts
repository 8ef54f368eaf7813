const f = Math.fround;

/** The least greatest relative error of x P(x x) / Q(x x) on 0 to 8.5; `test/models/vectors/tanh.py` fits them. */
const P = [
  2.0724267787985973e-11, -1.3719069436035625e-8, 9.573786883265711e-6, 0.002953882794827223,
  0.12949895858764648, 0.9999999403953552,
].map(f);
const Q = [0.00023270394012797624, 0.023898320272564888, 0.4628320038318634].map(f);

/** tanh in float32, off by at most 3.2e-7: what the WebAssembly kernel computes, operation for operation. NaN stays NaN. */
export function tanh32(value: number): number {
  const low = 8.5 < value ? 8.5 : value;
  const x = low < -8.5 ? -8.5 : low;
  const u = f(x * x);
  let p = P[0];
  p = f(f(p * u) + P[1]);
  p = f(f(p * u) + P[2]);
  p = f(f(p * u) + P[3]);
  p = f(f(p * u) + P[4]);
  p = f(f(p * u) + P[5]);
  let q = Q[0];
  q = f(f(q * u) + Q[1]);
  q = f(f(q * u) + Q[2]);
  q = f(f(q * u) + 1);
  const t = f(f(x * p) / q);
  return t > 1 ? 1 : t < -1 ? -1 : t;
}

const sigmoid32 = (x: number) => f(f(tanh32(f(x * 0.5)) * 0.5) + 0.5);

function multiply(memory: Float32Array) {
  return (
    a: number,
    aRow: number,
    aStep: number,
    inner: number,
    blocks: number,
    aBlock: number,
    b: number,
    bPanel: number,
    c: number,
    cPanel: number,
    rows: number,
    panels: number,
    adds: number,
  ) => {
    // Half a row of a panel at a time: four sums that stay in registers.
    for (let half = 0; half < panels * 8; half += 4) {
      const bStart = b + (half >> 3) * bPanel + (half & 4);
      let to = c + (half >> 3) * cPanel + (half & 4);
      for (let row = 0; row < rows; row++, to += 8) {
        let [c0, c1, c2, c3] = [f(0), f(0), f(0), f(0)];
        let pb = bStart;
        for (let block = 0; block < blocks; block++) {
          let pa = a + row * aRow + block * aBlock;
          for (let k = 0; k < inner; k++) {
            const x = memory[pa];
            c0 = f(c0 + f(x * memory[pb]));
            c1 = f(c1 + f(x * memory[pb + 1]));
            c2 = f(c2 + f(x * memory[pb + 2]));
            c3 = f(c3 + f(x * memory[pb + 3]));
            pa += aStep;
            pb += 8;
          }
        }
        memory[to] = adds ? c0 + memory[to] : c0;
        memory[to + 1] = adds ? c1 + memory[to + 1] : c1;
        memory[to + 2] = adds ? c2 + memory[to + 2] : c2;
        memory[to + 3] = adds ? c3 + memory[to + 3] : c3;
      }
    }
  };
}

function stepForward(memory: Float32Array) {
  return (
    z: number,
    zPanel: number,
    c: number,
    cNext: number,
    t: number,
    h: number,
    hPanel: number,
    rows: number,
    quads: number,
  ) => {
    for (let quad = 0, cell = 0; quad < quads; quad++) {
      const left = z + 2 * quad * zPanel;
      const right = left + zPanel;
      const out = h + (quad >> 1) * hPanel + (quad & 1) * 4;
      for (let row = 0; row < rows; row++) {
        for (let lane = 0; lane < 4; lane++, cell++) {
          const at = row * 8 + lane;
          const open = sigmoid32(memory[left + at]);
          const keep = sigmoid32(memory[left + at + 4]);
          const candidate = tanh32(memory[right + at]);
          const show = sigmoid32(memory[right + at + 4]);
          const value = f(f(keep * memory[c + cell]) + f(open * candidate));
          const squashed = tanh32(value);
          memory[left + at] = open;
          memory[left + at + 4] = keep;
          memory[right + at] = candidate;
          memory[right + at + 4] = show;
          memory[cNext + cell] = value;
          memory[t + cell] = squashed;
          memory[out + at] = f(show * squashed);
        }
      }
    }
  };
}

function stepBackward(memory: Float32Array) {
  return (
    z: number,
    zPanel: number,
    c: number,
    t: number,
    dh: number,
    dhPanel: number,
    dc: number,
    rows: number,
    quads: number,
  ) => {
    for (let quad = 0, cell = 0; quad < quads; quad++) {
      const left = z + 2 * quad * zPanel;
      const right = left + zPanel;
      const from = dh + (quad >> 1) * dhPanel + (quad & 1) * 4;
      for (let row = 0; row < rows; row++) {
        for (let lane = 0; lane < 4; lane++, cell++) {
          const at = row * 8 + lane;
          const open = memory[left + at];
          const keep = memory[left + at + 4];
          const candidate = memory[right + at];
          const show = memory[right + at + 4];
          const squashed = memory[t + cell];
          const dOut = memory[from + at];
          const slope = f(1 - f(squashed * squashed));
          const dCell = f(memory[dc + cell] + f(f(dOut * show) * slope));
          memory[left + at] = f(f(dCell * candidate) * f(open * f(1 - open)));
          memory[left + at + 4] = f(f(dCell * memory[c + cell]) * f(keep * f(1 - keep)));
          memory[right + at] = f(f(dCell * open) * f(1 - f(candidate * candidate)));
          memory[right + at + 4] = f(f(dOut * squashed) * f(show * f(1 - show)));
          memory[dc + cell] = f(dCell * keep);
        }
      }
    }
  };
}

function transpose(memory: Float32Array) {
  return (from: number, fromPanel: number, to: number, toPanel: number, rows: number, panels: number) => {
    for (let panel = 0; panel < panels; panel++) {
      for (let row = 0; row < rows; row++) {
        const read = from + panel * fromPanel + row * 8;
        const write = to + (row >> 3) * toPanel + panel * 64 + (row & 7);
        for (let column = 0; column < 8; column++) memory[write + column * 8] = memory[read + column];
      }
    }
  };
}

function sumSquares(memory: Float32Array) {
  return (from: number, count: number) => {
    let even = 0;
    let odd = 0;
    for (let i = from; i < from + count; i += 2) {
      even += memory[i] * memory[i];
      odd += memory[i + 1] * memory[i + 1];
    }
    return even + odd;
  };
}

/** The numbers of an `AdamStep`, in its order. */
type AdamSettings = [
  scale: number,
  decay: number,
  keep: number,
  meanShare: number,
  squareShare: number,
  rate: number,
  root: number,
  epsilon: number,
];

function adam(memory: Float32Array) {
  return (w: number, g: number, m: number, v: number, count: number, ...settings: AdamSettings) => {
    const [scale, decay, keep, one, two, rate, root, epsilon] = settings.map(f);
    for (let i = 0; i < count; i++) {
      const weight = memory[w + i];
      const gradient = f(f(memory[g + i] * scale) + f(weight * decay));
      const mean = f(memory[m + i] + f(one * f(gradient - memory[m + i])));
      const square = f(memory[v + i] + f(two * f(f(gradient * gradient) - memory[v + i])));
      memory[m + i] = mean;
      memory[v + i] = square;
      const below = f(f(f(Math.sqrt(square)) * root) + epsilon);
      memory[w + i] = f(f(weight * keep) - f(f(mean * rate) / below));
    }
  };
}

/** The kernels in plain TypeScript: the same bytes as `assembly/gemm.ts`, on any machine, several times slower. */
export function plainKernels(memory: Float32Array) {
  return {
    multiply: multiply(memory),
    stepForward: stepForward(memory),
    stepBackward: stepBackward(memory),
    transpose: transpose(memory),
    sumSquares: sumSquares(memory),
    adam: adam(memory),
  };
}

/** What `assembly/gemm.ts` exports, argument for argument; `kernels.ts` gives the arguments their names. */
export type PlainKernels = ReturnType<typeof plainKernels>;
