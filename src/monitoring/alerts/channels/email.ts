import { printable } from '../../../util/text.js';
import type { EmailChannel } from '../alerts-config.js';
import { type AlertMessage, htmlPage, plainText, titleOf } from '../message.js';
import { missingSecret, type Send, type SendAnswer } from './send-answer.js';

interface SmtpFault extends Error {
  responseCode?: number;
  code?: string;
}

/** SMTP says by the first digit whether trying again makes sense (RFC 5321, 4.2.1). */
function fault(error: SmtpFault): SendAnswer {
  const { responseCode, message } = error;
  const final = responseCode !== undefined && responseCode >= 500;
  return { ok: false, final, isAway: responseCode === undefined, answer: printable(message, 300) };
}

/**
 * A mail. The host is the user's word, private or not: mail servers stand inside as a rule, and what a mail server that is none
 * would read is this message.
 */
export const sendEmail: Send<EmailChannel> = async (channel, message, { secret }) => {
  const { host, port, secure, user, passwordEnv, timeoutMs } = channel;
  const pass = passwordEnv === null ? undefined : secret(passwordEnv);
  if (passwordEnv !== null && pass === undefined) return missingSecret(passwordEnv);
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port,
    secure: secure === 'tls',
    requireTLS: secure === 'starttls',
    ignoreTLS: secure === 'none',
    auth: user === null ? undefined : { user, pass },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const late = lateAfter(3 * timeoutMs);
  try {
    const sent = await Promise.race([transport.sendMail(mailOf(channel, message)), late.rejects]);
    const refused = sent.rejected ?? [];
    const note = refused.length === 0 ? '' : `; refused for ${refused.join(', ')}`;
    return { ok: true, answer: printable(`${sent.response}${note}`, 300) };
  } catch (error) {
    return fault(error as SmtpFault);
  } finally {
    late.end();
    transport.close();
  }
};

function mailOf({ from, to }: EmailChannel, message: AlertMessage) {
  return {
    from,
    to,
    subject: titleOf(message),
    text: plainText(message),
    html: htmlPage(message),
    // The same for every attempt: mail programs drop the second.
    messageId: `<${message.delivery_id}@riskops>`,
    headers: { 'X-Riskops-Event': message.event, 'Auto-Submitted': 'auto-generated' },
  };
}

/** The library limits each step; a server that always answers just in time would hold us all the same. */
function lateAfter(ms: number) {
  let timer: NodeJS.Timeout | undefined;
  const rejects = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the mail was not taken within ${ms / 1000} s`)), ms);
  });
  return { rejects, end: () => clearTimeout(timer) };
}
