import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CiResult, type CiStatus, exitCodeOfSteps, outcomeOf } from '../../src/checks/ci/ci-result.js';
import { githubAnnotations, junitXml, markdownSummary } from '../../src/checks/ci/report-files.js';
import { RiskopsError } from '../../src/errors.js';

const step = (status: CiStatus, rest: Partial<CiResult> = {}): CiResult => ({
  name: 'gate',
  status,
  message: 'm',
  ms: 1200,
  ...rest,
});
const reportOf = (...steps: CiResult[]) => ({ ok: false, exit_code: exitCodeOfSteps(steps), steps });

test('the exit code: a verdict first, then a fault by its own code, then undecided', () => {
  const fault = step('error', { code: 'STORE_IO' });
  expect(exitCodeOfSteps([step('pass'), step('skip')])).toBe(0);
  expect(exitCodeOfSteps([step('undecided'), step('pass')])).toBe(3);
  expect(exitCodeOfSteps([step('undecided'), fault])).toBe(74);
  expect(exitCodeOfSteps([step('undecided'), fault, step('fail')])).toBe(1);
  expect(exitCodeOfSteps([step('error')])).toBe(70);
});

test('an error is a finding when its code says so, and a fault of the machine or of ours otherwise', () => {
  const known = (code: ConstructorParameters<typeof RiskopsError>[0]) =>
    outcomeOf(new RiskopsError(code, { what: 'w' })).status;
  expect(known('CONFIG_INVALID')).toBe('fail');
  expect(known('MODEL_FILE_INVALID')).toBe('fail');
  for (const code of [
    'STORE_VERSION',
    'STORE_BUSY',
    'STORE_IO',
    'DATABASE_MODULE_UNUSABLE',
    'INTERNAL_ERROR',
  ] as const)
    expect(known(code)).toBe('error');
  expect(outcomeOf(new TypeError('x'))).toMatchObject({ status: 'error', code: 'INTERNAL_ERROR' });
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  expect(outcomeOf(full)).toMatchObject({ status: 'error', code: 'STORE_IO' });
});

/** Text as data or a script may print it: markup, control characters, halves of surrogate pairs, what CI servers take for commands. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
    .map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom(
    ']]>',
    '<!--',
    '&amp;',
    '"/><x a="',
    '::error::',
    '%0A::stop-commands::x',
    'a\r\n::set-env name=A::b',
    '| a | b |',
    '<script>',
    '</details>',
  ),
);
const hostileStep = fc.record({
  name: hostile,
  status: fc.constantFrom<CiStatus[]>('pass', 'fail', 'undecided', 'error', 'skip'),
  message: hostile,
  lines: fc.array(hostile, { maxLength: 3 }),
  ms: fc.nat(),
  file: hostile.map((text) => `/w/${text}`),
});

/** A whole XML document of elements, attributes and text, by the productions of XML 1.0. */
const CHARS = '(?:[\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd]|[\\ud800-\\udbff][\\udc00-\\udfff])';
const TOKEN = new RegExp(
  `<(\\w+)((?: \\w+="(?:&(?:amp|lt|gt|quot|#\\d+);|(?![<&"])${CHARS})*")*)(/?)>|</(\\w+)>|((?:&(?:amp|lt|gt|quot|#\\d+);|(?![<&])${CHARS})+)`,
  'y',
);

function isWellFormed(xml: string): boolean {
  const head = '<?xml version="1.0" encoding="UTF-8"?>';
  if (!xml.startsWith(head)) return false;
  const open: string[] = [];
  TOKEN.lastIndex = head.length;
  while (TOKEN.lastIndex < xml.length) {
    const found = TOKEN.exec(xml);
    if (found === null) return false;
    if (found[4] !== undefined && open.pop() !== found[4]) return false;
    if (found[1] !== undefined && found[3] === '') open.push(found[1]);
  }
  return open.length === 0;
}

test('JUnit XML is well-formed whatever a step says, and counts verdicts and faults apart', () => {
  fc.assert(
    fc.property(fc.array(hostileStep, { maxLength: 4 }), (steps) => {
      expect(isWellFormed(junitXml(reportOf(...steps)))).toBe(true);
    }),
    { numRuns: 300 },
  );
  const counted = reportOf(
    step('pass'),
    step('fail', { code: 'GATE_REJECTED' }),
    step('undecided'),
    step('error'),
    step('skip'),
  );
  expect(junitXml(counted)).toContain('tests="5" failures="2" errors="1" skipped="1" time="6.000"');
  expect(junitXml(counted)).toContain('<failure type="GATE_REJECTED" message="m">m</failure>');
});

test('an annotation for GitHub is one command in one line, whatever a step says', () => {
  fc.assert(
    fc.property(hostileStep, (hostileOne) => {
      for (const line of githubAnnotations(reportOf(hostileOne as CiResult), '/w'))
        expect(line).toMatch(/^::(error|warning) (file=[^:,\r\n]+,)?title=[^:,\r\n]*::[^\r\n]*$/);
    }),
    { numRuns: 300 },
  );
  const failed = step('fail', {
    message: '50 % worse',
    lines: ['a', 'b'],
    file: '/w/sub/riskops.config.mjs',
  });
  expect(githubAnnotations(reportOf(failed, step('pass'), step('skip')), '/w')).toEqual([
    '::error file=sub/riskops.config.mjs,title=riskops gate::50 %25 worse%0Aa%0Ab',
  ]);
  expect(githubAnnotations(reportOf(step('undecided', { file: '/elsewhere/x' })), '/w')).toEqual([
    '::warning title=riskops gate::m',
  ]);
});

test('the Markdown summary keeps a row a step, whatever a step says', () => {
  fc.assert(
    fc.property(fc.array(hostileStep, { minLength: 1, maxLength: 3 }), (steps) => {
      const lines = markdownSummary(reportOf(...steps)).split('\n');
      const rows = lines.slice(4, 4 + steps.length);
      for (const row of rows)
        expect(row).toMatch(/^\| [^|]*\| (pass|skip|\*\*\w+\*\*) \| [^|<>]*\| [\d.]+ s \|$/);
      expect(lines[4 + steps.length]).toBe('');
    }),
    { numRuns: 200 },
  );
});
