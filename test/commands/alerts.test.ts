import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { receiver } from '../monitoring/alerts/alerts-support.js';
import { refuse, riskops, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

function project(alerts?: unknown): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'riskops.config.json'), JSON.stringify({ alerts }));
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
