import { colourForced, colourRefused } from '../config.js';
import { toPrettyJson } from '../util/json.js';
import { withoutControls } from '../util/text.js';

/** Results go to stdout, talk goes to stderr; with `--json` stdout is one JSON document. */
export interface Output {
  json: boolean;
  /** The command's result: the document for programs, the lines for people. */
  result(document: unknown, lines: () => string[]): void;
  /** A line of talk. */
  talk(line: string): void;
  /** Shows that work goes on; a spinner on a terminal, silent elsewhere. */
  progress(text: string): void;
  /** Ends the spinner. */
  done(): void;
}

export interface OutputStreams {
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
}

export function createOutput(json: boolean, { stdout, stderr }: OutputStreams = process): Output {
  let spinner: { text: string; stop(): unknown } | undefined;
  let wanted: string | undefined;
  const stop = () => {
    wanted = undefined;
    spinner?.stop();
    spinner = undefined;
  };
  const start = async () => {
    const { default: ora } = await import('ora');
    if (wanted === undefined || spinner) return;
    const color = colourRefused() ? false : 'cyan';
    spinner = ora({ text: wanted, stream: process.stderr, color }).start();
  };
  return {
    json,
    result(document, lines) {
      stop();
      stdout.write(json ? `${toPrettyJson(document)}\n` : forPeople(`${lines().join('\n')}\n`, stdout));
    },
    talk(line) {
      stop();
      stderr.write(forPeople(`${line}\n`, stderr));
    },
    progress(text) {
      // A terminal that says it has no columns sends a spinner into an endless clearing of lines.
      if (!stderr.isTTY || !stderr.columns || json) return;
      const first = wanted === undefined;
      wanted = text;
      if (spinner) spinner.text = text;
      else if (first) void start();
    },
    done: stop,
  };
}

/** What a path, a name or a value brought along must not reach the terminal's controls. */
export function forPeople(text: string, stream: { isTTY?: boolean }): string {
  return withoutControls(text, stream.isTTY === true || colourForced());
}

/** A number for people: up to six significant digits. */
export function formatNumber(value: unknown): string {
  if (typeof value !== 'number') return value === null || value === undefined ? '-' : String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(6)));
}
