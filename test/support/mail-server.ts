import { SMTPServer } from 'smtp-server';
import { onTestFinished } from 'vitest';

export interface Mail {
  from: string;
  to: string[];
  user: string | undefined;
  raw: string;
}

/** A real mail server on loopback; it takes the password `right` alone, and mails without a login too. */
export async function mailServer(more: Partial<ConstructorParameters<typeof SMTPServer>[0]> = {}) {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    logger: false,
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username }) : done(new Error('Invalid credentials')),
    onData(stream, session, done) {
      let raw = '';
      stream.setEncoding('utf8').on('data', (part) => (raw += part));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        // Lines that the encoding broke are whole again.
        raw = raw.replaceAll('=\r\n', '');
        mails.push({ from, to: rcptTo.map(({ address }) => address), user: session.user as string, raw });
        done();
      });
    },
    ...more,
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as { port: number };
  return { mails, port };
}
