import * as z from 'zod';
import { RiskopsError } from '../../errors.js';
import { printable, suggestWord } from '../../util/text.js';
import type { AlertsConfig, Channel, Rule } from './alerts-config.js';
import { type ChannelInput, channelShapes, type WrittenChannel } from './channel-shapes.js';
import { readChannel } from './read-channel.js';
import { readRule } from './read-rule.js';
import { type RuleInput, ruleShapes, type WrittenRule } from './rule-shapes.js';
import { timeZone, wholeFrom } from './shapes.js';

const topShape = z.strictObject({
  everySeconds: z.number().min(1).max(86_400).default(60),
  timeZone: timeZone.default('UTC'),
  keepDays: wholeFrom(1).default(90),
  channels: z.record(z.string(), z.unknown()).default({}),
  rules: z.array(z.unknown()).max(1_000).default([]),
});

/** The `alerts` of a config as they are written: docs/guides/alerts.md says what each key means. */
export interface WrittenAlerts extends Omit<z.input<typeof topShape>, 'channels' | 'rules'> {
  channels?: Record<string, ChannelInput>;
  rules?: RuleInput[];
}

const CHANNEL_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
/** A secret belongs in a variable: a config is read, copied and committed. */
const SECRETS: Record<string, string> = { secret: 'secretEnv', password: 'passwordEnv', pass: 'passwordEnv' };
const SHOWN_FAULTS = 5;

/** Faults of one value, each a sentence that begins with its place. */
type Faults = string[];

/** Kinds of values as people call them. */
const KINDS: Record<string, string> = {
  ...{ string: 'a text', number: 'a number', int: 'a whole number', boolean: 'true or false' },
  ...{ array: 'a list', record: 'an object', object: 'an object' },
};

const UNITS: Record<string, string> = { array: ' entries', string: ' characters' };

/** What is wrong with a value, behind its place. */
function faultText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'invalid_type') {
    const wanted = KINDS[issue.expected] ?? issue.expected;
    return issue.message.endsWith('undefined') ? `is missing: it is ${wanted}` : `must be ${wanted}`;
  }
  // What a shape says by itself is a text of ours.
  if (!/^(Invalid|Too)\b/.test(issue.message)) return issue.message;
  if (issue.code === 'too_small')
    return `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${UNITS[issue.origin] ?? ''}`;
  if (issue.code === 'too_big')
    return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${UNITS[issue.origin] ?? ''}`;
  return `cannot be used: ${issue.message}`;
}

function issueText(place: string, issue: z.core.$ZodIssue, known: readonly string[]): string {
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    const instead = SECRETS[key];
    if (instead !== undefined && known.includes(instead))
      return `${place}: "${key}" must not stand in a config; name the environment variable with it in "${instead}"`;
    return `${place}${path}: unknown key "${printable(key, 64)}"; ${suggestWord(key, known)}`;
  }
  // Of several ways to read the value, the one that fits its type is what the user meant.
  if (issue.code === 'invalid_union') {
    const firsts = issue.errors.flatMap(([first]) => (first === undefined ? [] : [first]));
    const inner = firsts.find(({ code }) => code === 'custom') ?? firsts.at(-1);
    if (inner !== undefined) return issueText(`${place}${path}`, inner, known);
  }
  return `${place}${path} ${faultText(issue)}`;
}

function parseShape<S extends z.ZodObject>(shape: S, value: unknown, place: string, faults: Faults) {
  const parsed = shape.safeParse(withoutUndefined(value));
  if (parsed.success) return parsed.data as z.infer<S>;
  faults.push(...parsed.error.issues.map((issue) => issueText(place, issue, Object.keys(shape.shape))));
  return undefined;
}

/** A TypeScript config may set a key to undefined. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}

/** The value as its `kind` says it is to be read. */
function parseKind<W>(
  shapes: Record<string, z.ZodObject>,
  value: unknown,
  place: string,
  faults: Faults,
): W | undefined {
  const kinds = Object.keys(shapes);
  const given = typeof value === 'object' && value !== null ? (value as { kind?: unknown }).kind : undefined;
  const kind = kinds.find((one) => one === given);
  if (kind !== undefined) return parseShape(shapes[kind], value, place, faults) as W | undefined;
  const shown =
    given === undefined ? 'has no "kind"' : `has the unknown kind "${printable(String(given), 64)}"`;
  faults.push(`${place} ${shown}; ${suggestWord(String(given ?? ''), kinds)}`);
  return undefined;
}

/** `read`, with its Error as a fault. */
function readOr<T>(place: string, faults: Faults, read: () => T): T[] {
  try {
    return [read()];
  } catch (error) {
    const { message } = error as Error;
    faults.push(`${place}${message.startsWith('.') ? '' : ' '}${message}`);
    return [];
  }
}

function readChannels(written: Record<string, unknown>, faults: Faults): Channel[] {
  return Object.entries(written).flatMap(([name, value]) => {
    const place = `alerts.channels.${printable(name, 64)}`;
    if (!CHANNEL_NAME.test(name)) {
      faults.push(`${place}: a channel's name has letters, digits, ".", "_" and "-" alone`);
      return [];
    }
    const channel = parseKind<WrittenChannel>(channelShapes, value, place, faults);
    return channel === undefined ? [] : readOr(place, faults, () => readChannel(name, channel));
  });
}

function readRules(
  written: readonly unknown[],
  timeZone: string,
  channels: string[],
  faults: Faults,
): Rule[] {
  const names = new Set<string>();
  return written.flatMap((value, i) => {
    const place = `alerts.rules[${i}]`;
    const rule = parseKind<WrittenRule>(ruleShapes, value, place, faults);
    if (rule === undefined) return [];
    if (names.has(rule.name))
      faults.push(`${place}: another rule is called "${printable(rule.name, 80)}" too`);
    names.add(rule.name);
    return readOr(place, faults, () => readRule(rule, { channels, timeZone }));
  });
}

/**
 * The `alerts` of a config.
 * @param source where it stands, for the error: `riskops.config.mjs`
 * @throws RiskopsError CONFIG_INVALID, which names every key and value that cannot be
 */
export function parseAlerts(value: unknown, source: string): AlertsConfig {
  const faults: Faults = [];
  const top = parseShape(topShape, value, 'alerts', faults);
  if (top !== undefined) {
    const channels = readChannels(top.channels, faults);
    // A rule that names a channel with a fault has none itself.
    const rules = readRules(top.rules, top.timeZone, Object.keys(top.channels), faults);
    const { everySeconds, keepDays } = top;
    if (faults.length === 0) return { everySeconds, keepDays, channels, rules };
  }
  const sentences = faults.map((fault) => (/[.?]$/.test(fault) ? fault : `${fault}.`));
  const more = faults.length - SHOWN_FAULTS;
  throw new RiskopsError('CONFIG_INVALID', {
    what: `${source}: the alerts cannot be used.`,
    why: `${sentences.slice(0, SHOWN_FAULTS).join(' ')}${more > 0 ? ` And ${more} more.` : ''}`,
    fix: `mend "alerts" in ${source}`,
    details: { faults },
  });
}
