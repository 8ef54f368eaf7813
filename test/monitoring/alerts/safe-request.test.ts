import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { addressKind } from '../../../src/monitoring/alerts/public-address.js';
import { postSafely, UnsafeAddress } from '../../../src/monitoring/alerts/safe-request.js';
import { receiver } from './alerts-support.js';

const request = { headers: {}, body: '{}', timeoutMs: 2_000 };

/** URLs that lead to this machine, to its network, to a cloud's metadata, or to no web server; PORT is the canary's. */
const HOSTILE = [
  'http://127.0.0.1:PORT/',
  'https://127.0.0.1:PORT/',
  'https://localhost:PORT/',
  'https://localhost.:PORT/',
  'https://LOCALHOST:PORT/',
  'https://a.localhost:PORT/',
  'https://127.1:PORT/',
  'https://127.0.1:PORT/',
  'https://2130706433:PORT/',
  'https://0x7f000001:PORT/',
  'https://0x7f.0x0.0x0.0x1:PORT/',
  'https://0177.0.0.1:PORT/',
  'https://017700000001:PORT/',
  'https://0:PORT/',
  'https://0.0.0.0:PORT/',
  'https://[::]:PORT/',
  'https://[::1]:PORT/',
  'https://[0:0:0:0:0:0:0:1]:PORT/',
  'https://[::ffff:127.0.0.1]:PORT/',
  'https://[::ffff:7f00:1]:PORT/',
  'https://[::127.0.0.1]:PORT/',
  'https://[64:ff9b::7f00:1]:PORT/',
  'https://[2002:7f00:1::]:PORT/',
  'https://[fe80::1]:PORT/',
  'https://[fc00::1]:PORT/',
  'https://[fd00:ec2::254]/latest/meta-data',
  'https://169.254.169.254/latest/meta-data',
  'https://0xa9fea9fe/latest/meta-data',
  'https://100.100.100.200/',
  'https://100.64.0.1/',
  'https://10.0.0.1:PORT/',
  'https://172.31.255.255:PORT/',
  'https://192.168.1.1:PORT/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://user:secret@127.0.0.1:PORT/',
  'https://user:secret@example.com/',
  'https://example.com@127.0.0.1:PORT/',
  'https://127.0.0.1:PORT\\@example.com/',
  'https://127.0.0.1:PORT#@example.com/',
  'https://127.0.0.1:PORT?@example.com/',
  'https://①②⑦.⓪.⓪.①:PORT/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:PORT/_x',
  'ftp://127.0.0.1:PORT/',
  'data:text/plain,x',
  'javascript:alert(1)',
  '//127.0.0.1:PORT/',
  'not a url',
];

test('RB-75: no URL of the list is asked, and the canary hears nothing', async () => {
  const canary = await receiver();
  const refused: string[] = [];
  for (const hostile of HOSTILE) {
    const url = hostile.replace('PORT', String(canary.port));
    await postSafely({ ...request, url, allowPrivate: false }).catch((error: Error) => {
      if (error instanceof UnsafeAddress) refused.push(hostile);
    });
  }
  expect(refused).toEqual(HOSTILE);
  expect(canary.connections()).toBe(0);
});

test('a name is resolved once, every address of it is checked, and the connection goes to those', async () => {
  const canary = await receiver();
  const url = `http://hooks.example:${canary.port}/x`;
  const names: string[] = [];
  const rebinding = async (name: string) => {
    names.push(name);
    return names.length === 1 ? ['127.0.0.1'] : ['10.9.9.9'];
  };
  const answer = await postSafely({ ...request, url, allowPrivate: true, resolve: rebinding });
  expect([answer.status, names]).toEqual([200, ['hooks.example']]);
  expect(canary.received[0].headers.host).toBe(`hooks.example:${canary.port}`);

  const mixed = async () => ['93.184.216.34', '127.0.0.1'];
  const secure = url.replace('http:', 'https:');
  await expect(postSafely({ ...request, url: secure, allowPrivate: false, resolve: mixed })).rejects.toThrow(
    'hooks.example is 127.0.0.1, which is in a private network',
  );
  const metadata = async () => ['169.254.169.254'];
  await expect(postSafely({ ...request, url, allowPrivate: true, resolve: metadata })).rejects.toBeInstanceOf(
    UnsafeAddress,
  );
  expect(canary.connections()).toBe(1);
});

test('"allowPrivate" opens this machine and its network, and never what is nobody\'s receiver', () => {
  const kinds = (addresses: string[]) => addresses.map(addressKind);
  expect(
    kinds(['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.0.9', '100.64.0.1', '::1', 'fd12::1']),
  ).toEqual(Array(7).fill('own'));
  expect(kinds(['8.8.8.8', '2606:4700::1111', '172.32.0.1', '100.128.0.1'])).toEqual(Array(4).fill('public'));
  const never = ['169.254.169.254', '0.0.0.0', '::', '224.0.0.1', '240.0.0.1', 'fe80::1', 'fe80::1%eth0'];
  const mapped = [
    '::ffff:8.8.8.8',
    '::ffff:169.254.169.254',
    '::8.8.8.8',
    '2002:808:808::',
    '64:ff9b::808:808',
  ];
  const others = ['2001::1', 'ff02::1', 'example.com', ''];
  expect(kinds([...never, ...mapped, ...others])).toEqual(Array(16).fill('never'));
});

test('a redirect is an answer, and what it names is not asked', async () => {
  const canary = await receiver();
  const bounce = await receiver(() => ({ status: 307, headers: { location: canary.url } }));
  const answer = await postSafely({ ...request, url: bounce.url, allowPrivate: true });
  expect([answer.status, canary.connections()]).toEqual([307, 0]);
});

test('an answer is bounded in time and size, and shown as printable text', async () => {
  const silent = await receiver(() => undefined);
  const asked = postSafely({ ...request, url: silent.url, allowPrivate: true, timeoutMs: 100 });
  await expect(asked).rejects.toThrow('no answer within 0.1 s');
  const chatty = await receiver(() => ({ status: 200, body: `\u001b[31mred\n${'x'.repeat(5_000_000)}` }));
  const { text } = await postSafely({ ...request, url: chatty.url, allowPrivate: true });
  expect(text.startsWith('\\x1b[31mred\\x0axxx')).toBe(true);
  expect(text.length).toBeLessThan(400);
  const garbage = connect(chatty.port, '127.0.0.1');
  garbage.destroy();
});
