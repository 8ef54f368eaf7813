import { printable } from '../../../util/text.js';
import type { CommandChannel } from '../alerts-config.js';
import type { Send, SendAnswer } from './send-answer.js';

const OUTPUT_CHARACTERS = 4_096;

/** Starts a program with the message as JSON on its stdin; exit code 0 means that it was taken. */
export const sendByCommand: Send<CommandChannel> = async ({ command, timeoutMs }, message) => {
  const { execa } = await import('execa');
  const [program, ...args] = command;
  const isGroup = process.platform !== 'win32';
  const child = execa(program, args, {
    input: `${JSON.stringify(message)}\n`,
    shell: false,
    reject: false,
    all: true,
    // A group of its own, so that what the program started ends with it.
    detached: isGroup,
    maxBuffer: OUTPUT_CHARACTERS,
    windowsHide: true,
  });
  const stop = () => {
    // What the program started may hold its pipes open longer than it lives.
    child.all?.destroy();
    try {
      if (isGroup && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    } catch {
      // it has ended meanwhile
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<SendAnswer>((resolve) => {
    timer = setTimeout(() => {
      stop();
      resolve({ ok: false, final: false, answer: `no end within ${timeoutMs / 1000} s` });
    }, timeoutMs);
  });
  try {
    return await Promise.race([child.then((ended) => judge(ended, program)), late]);
  } finally {
    clearTimeout(timer);
  }
};

interface Ended {
  exitCode?: number;
  failed: boolean;
  isMaxBuffer: boolean;
  signal?: string;
  all?: string;
  /** Why it was not started. */
  code?: string;
  originalMessage?: string;
}

/** A program that did not start, or was ended. */
function whyNoExit({ signal, code, originalMessage = '' }: Ended, program: string): string {
  if (signal !== undefined) return signal;
  if (code === 'ENOENT') return `there is no program "${printable(program, 80)}"`;
  if (code === 'EACCES') return `"${printable(program, 80)}" may not be started by this user`;
  return printable(originalMessage.split('\n')[0] ?? '', 200);
}

function judge(ended: Ended, program: string): SendAnswer {
  const { exitCode, failed, isMaxBuffer, all = '' } = ended;
  const said = printable(all.trim(), 300);
  if (!failed) return { ok: true, answer: `exit code 0${said === '' ? '' : `: ${said}`}` };
  if (isMaxBuffer)
    return { ok: false, final: false, answer: `more than ${OUTPUT_CHARACTERS} characters of output` };
  const why = exitCode === undefined ? whyNoExit(ended, program) : `exit code ${exitCode}`;
  return { ok: false, final: false, answer: `${why}${said === '' ? '' : `: ${said}`}` };
}
