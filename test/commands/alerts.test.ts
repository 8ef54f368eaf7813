import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openProject } from '../../src/config.js';
import { parseAlerts } from '../../src/monitoring/alerts/parse-alerts.js';
import { recordObservations } from '../../src/monitoring/alerts/record-observations.js';
import { openStore } from '../../src/storage/open-store.js';
import { receiver, seen } from '../monitoring/alerts/alerts-support.js';
import { addVersion, fitModel, openTestStore, placesIn } from '../serving/support.js';
import { refuse, riskops, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

function project(alerts?: unknown, more = {}): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'riskops.config.json'), JSON.stringify({ alerts, ...more }));
  return folder;
}

test('a fault in the alerts is found when a server starts, and named by its place', async () => {
  const folder = project({ channels: {}, rules: [{ name: 'a', kind: 'drift', sinse: '7d' }] });
  const { message, why } = await refuse(folder, ['serve', '--port', '0'], 'CONFIG_INVALID');
  expect(message).toBe('riskops.config.json: the alerts cannot be used.');
  expect(why).toBe('alerts.rules[0]: unknown key "sinse"; did you mean "since"?');
});

test('a channel is tested with the secret of its variable, and the exit code says how it went', async () => {
  const { url, received } = await receiver((count) => ({ status: count === 1 ? 200 : 401 }));
  const ops = { kind: 'webhook', urlEnv: 'HOOK_URL', secretEnv: 'HOOK_KEY', allowPrivate: true };
  const folder = project({ channels: { ops }, rules: [] });
  const environment = { HOOK_URL: url, HOOK_KEY: 'k3y' };
  const tested = await succeed(folder, ['alerts', 'test', 'ops'], { environment });
  expect(tested).toMatchObject({ channel: 'ops', ok: true, answer: 'HTTP 200' });
  expect(received[0].headers['x-riskops-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
  const { exitCode, stdout, stderr } = await riskops(folder, ['alerts', 'test', 'ops'], environment);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^NOT DELIVERED to ops \(webhook\) after \d+ ms: HTTP 401\n$/);
  expect(stdout + stderr).not.toContain('k3y');
});

test('without alerts in the config there is nothing to look at', async () => {
  const { hint } = await refuse(project(), ['alerts', 'check'], 'ALERTS_NOT_CONFIGURED');
  expect(hint).toContain('docs/guides/alerts.md');
});

test('a rule that can never fire is loud: exit code 2 for a metric that the model never has', async () => {
  const metric = { kind: 'metric', metric: 'rmse', above: 1 };
  const folder = project(
    {
      rules: [
        { name: 'task', ...metric },
        { name: 'typo', ...metric, model: 'cerdit' },
      ],
    },
    { database: 'riskops.db' },
  );
  mkdirSync(join(folder, 'artifacts'));
  await addVersion(await openTestStore(placesIn(folder)), await fitModel(1));
  const { exitCode, stderr } = await riskops(folder, ['alerts', 'check']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(
    'Error: alert rule "task" cannot fire. The accuracy of a binary model has no metric "rmse"',
  );
  expect(stderr).toContain(
    'Warning: alert rule "typo" cannot fire. There is no model "cerdit"; did you mean "credit"?',
  );
});

test('rules about a server say who judges them, and what a server found fires in the command too', async () => {
  const rules = [{ name: 'errors', kind: 'error-rate' }];
  const folder = project({ channels: {}, rules });
  await succeed(folder, ['runs', 'start']);
  const { exitCode, stdout } = await riskops(folder, ['alerts', 'check']);
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^errors +by server +warning/m)]);
  expect(stdout).toContain('judged by each running server itself (riskops serve), not here');
  const { places } = await openProject({ dir: folder, environment: {} });
  const store = await openStore(places, { mode: 'write' });
  onTestFinished(() => store.close());
  const [rule] = parseAlerts({ channels: {}, rules }, 'riskops.config.json').rules;
  await recordObservations(store, rule, [seen('breach', { subject: '127.0.0.1:8000' })], new Date());
  const found = await succeed(folder, ['alerts', 'check'], { exitCode: 1 });
  expect(found).toMatchObject({
    rules: [
      { state: 'unknown', details: { judged_by: 'server' } },
      { state: 'firing', subject: '127.0.0.1:8000' },
    ],
  });
});
