import { relative, sep } from 'node:path';
import type { CiReport, CiResult } from './ci-result.js';

/** What XML 1.0 cannot hold in any form, and lone halves of a pair: https://www.w3.org/TR/xml/#charsets */
const NOT_XML =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const xml = (text: string) =>
  text
    .replace(NOT_XML, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[\t\n\r]/g, (c) => `&#${c.charCodeAt(0)};`);

const bodyOf = ({ message, lines = [] }: CiResult) => [message, ...lines].join('\n');

function junitCase(step: CiResult): string {
  const open = `  <testcase classname="riskops.ci" name="${xml(step.name)}" time="${(step.ms / 1000).toFixed(3)}"`;
  const detail = (tag: string) =>
    `${open}>\n    <${tag} type="${step.code ?? step.status}" message="${xml(step.message)}">${xml(bodyOf(step))}</${tag}>\n  </testcase>`;
  if (step.status === 'pass') return `${open}/>`;
  if (step.status === 'skip') return `${open}>\n    <skipped message="${xml(step.message)}"/>\n  </testcase>`;
  return detail(step.status === 'error' ? 'error' : 'failure');
}

/** JUnit XML as CI servers read it: a verdict is a `failure`, what could not be carried out an `error`. */
export function junitXml({ steps }: CiReport): string {
  const count = (...statuses: string[]) => steps.filter(({ status }) => statuses.includes(status)).length;
  const seconds = steps.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const counts = `tests="${steps.length}" failures="${count('fail', 'undecided')}" errors="${count('error')}" skipped="${count('skip')}" time="${seconds.toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="riskops ci" ${counts}>`,
    `<testsuite name="riskops ci" ${counts}>`,
    ...steps.map(junitCase),
    '</testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

const SIGN = { pass: 'pass', fail: '**fail**', undecided: '**undecided**', error: '**error**', skip: 'skip' };

/** Text inside a cell of a Markdown table: what would end the cell, or be taken for markup, is shown as it is. */
const cell = (text: string) =>
  text.replace(/[\\`*_[\]<>|~&]/g, (c) => `&#${c.charCodeAt(0)};`).replace(/\s+/g, ' ');

/** A table for the page of a CI run, and below it the whole text of what did not pass. */
export function markdownSummary({ ok, steps }: CiReport): string {
  const rows = steps.map(
    ({ name, status, message, ms }) =>
      `| ${cell(name)} | ${SIGN[status]} | ${cell(message)} | ${(ms / 1000).toFixed(1)} s |`,
  );
  const details = steps
    .filter(({ status, lines }) => status !== 'pass' && status !== 'skip' && lines?.length)
    .flatMap((step) => [
      '',
      `<details><summary>${xml(step.name)}</summary>`,
      '',
      `<pre>${xml(bodyOf(step)).replaceAll('&#10;', '\n')}</pre>`,
      '',
      '</details>',
    ]);
  return [
    `## riskops ci: ${ok ? 'all checks passed' : worst(steps)}`,
    '',
    '| check | result | what was seen | time |',
    '| --- | --- | --- | ---: |',
    ...rows,
    ...details,
    '',
  ].join('\n');
}

const worst = (steps: readonly CiResult[]) =>
  (['fail', 'error', 'undecided'] as const)
    .map((status) => [status, steps.filter((step) => step.status === status).length] as const)
    .filter(([, count]) => count > 0)
    .map(
      ([status, count]) =>
        `${count} ${{ fail: 'failed', error: 'could not be carried out', undecided: 'undecided' }[status]}`,
    )
    .join(', ');

const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** Lines that GitHub shows at the change itself. `workspace` is the folder that file names begin at. */
export function githubAnnotations({ steps }: CiReport, workspace: string): string[] {
  const levels = { fail: 'error', error: 'error', undecided: 'warning' } as const;
  return steps.flatMap((step) => {
    if (step.status === 'pass' || step.status === 'skip') return [];
    const inside = step.file === undefined ? '' : relative(workspace, step.file).split(sep).join('/');
    const file = inside === '' || inside.startsWith('..') ? '' : `file=${property(inside)},`;
    return [
      `::${levels[step.status]} ${file}title=${property(`riskops ${step.name}`)}::${data(bodyOf(step))}`,
    ];
  });
}
