import { expect, test } from 'vitest';
import { deliverDue } from '../../../src/monitoring/alerts/deliver.js';
import { type AlertMessage, htmlPage, titleOf } from '../../../src/monitoring/alerts/message.js';
import { recordObservations } from '../../../src/monitoring/alerts/record-observations.js';
import { mailServer } from '../../support/mail-server.js';
import { alertsConfig, Clock, seen, testStore } from './alerts-support.js';

async function setup(port: number, more: Record<string, unknown> = {}) {
  const mail = {
    kind: 'email',
    host: '127.0.0.1',
    port,
    from: 'Riskops <riskops@example.com>',
    to: ['a@example.com'],
  };
  const config = alertsConfig({ mail: { ...mail, ...more } });
  const store = await testStore();
  const { now } = new Clock();
  return async (secret?: string, observation = seen('breach')) => {
    await recordObservations(store, config.rules[0], [observation], now());
    return deliverDue(store, { channels: config.channels, secret: () => secret, now });
  };
}

test('a mail is delivered with its text, its page and an id that stays the same', async () => {
  const { mails, port } = await mailServer();
  const deliver = await setup(port, { secure: 'none', to: ['a@example.com', 'B <b@example.com>'] });
  const [attempt] = await deliver();
  expect(attempt).toMatchObject({ state: 'delivered', channel: 'mail' });
  expect(attempt.answer).toMatch(/^250 /);
  const [{ from, to, raw }] = mails;
  expect([from, to]).toEqual(['riskops@example.com', ['a@example.com', 'b@example.com']]);
  expect(raw).toContain('Subject: [riskops] FIRING warning: quiet (credit)');
  expect(raw).toContain(`Message-ID: <${attempt.delivery_id}@riskops>`);
  expect(raw).toMatch(
    /Content-Type: text\/plain[\s\S]+the summary[\s\S]+Content-Type: text\/html[\s\S]+the summary/,
  );
});

test('a name with line ends or markup makes no header, and no markup', async () => {
  const { mails, port } = await mailServer();
  const deliver = await setup(port, { secure: 'none' });
  const subject = 'x\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>';
  await deliver(undefined, seen('breach', { subject, summary: 'a\r\n.\r\nMAIL FROM:<evil@example.com>' }));
  expect(mails).toHaveLength(1);
  const [{ to, raw }] = mails;
  expect(to).toEqual(['a@example.com']);
  expect(raw).not.toMatch(/^Bcc:/m);
  expect(raw.slice(raw.indexOf('Content-Type: text/html'))).not.toMatch(/<script>/);
  const message: AlertMessage = {
    ...{ delivery_id: 'd', alert_id: 'a', event: 'firing', channel: 'mail', rule: '<img src=x>' },
    ...{ kind: 'drift', severity: 'info', model: null, subject, summary: `"'&`, details: {} },
    ...{ first_at: '', at: '', times: 1 },
  };
  const page = htmlPage(message);
  expect(page).toContain('&lt;img src=x&gt;');
  expect(page).toContain('&quot;&#39;&amp;');
  expect(titleOf(message)).not.toMatch(/[\r\n]/);
});

test('a password goes to this machine alone without encryption, and a wrong one is an answer', async () => {
  const { mails, port } = await mailServer();
  const login = { secure: 'none', user: 'me', passwordEnv: 'MAIL_PASSWORD' };
  const deliver = await setup(port, login);
  expect(await deliver()).toMatchObject([
    { state: 'waiting', answer: 'the variable MAIL_PASSWORD is not set' },
  ]);
  const right = await setup(port, login);
  expect(await right('right')).toMatchObject([{ state: 'delivered' }]);
  expect(mails).toMatchObject([{ user: 'me' }]);
  const wrong = await setup(port, login);
  const [{ state, answer }] = await wrong('wrong-secret');
  expect([state, answer.includes('wrong-secret')]).toEqual(['failed', false]);
});

test('a server that cannot encrypt gets nothing, a busy one is asked again, one that refuses is not', async () => {
  const plain = await mailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
  const starttls = await setup(plain.port);
  expect(await starttls()).toMatchObject([{ state: 'failed', answer: expect.stringContaining('STARTTLS') }]);
  expect(plain.mails).toEqual([]);
  const refuse = (responseCode: number) =>
    mailServer({
      onMailFrom: (_address, _session, done) => done(Object.assign(new Error('no'), { responseCode })),
    });
  const busy = await setup((await refuse(451)).port, { secure: 'none' });
  expect(await busy()).toMatchObject([{ state: 'waiting' }]);
  const closed = await setup((await refuse(550)).port, { secure: 'none' });
  expect(await closed()).toMatchObject([{ state: 'failed' }]);
  const dead = await setup(9, { secure: 'none' });
  expect(await dead()).toMatchObject([{ state: 'waiting' }]);
});
