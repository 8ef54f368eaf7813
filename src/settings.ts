/** A setting: one value that a flag, the environment or the config may give. Rooms define theirs in `settings.ts`. */
export interface Setting {
  key: string;
  /** Its place in the config; `*` stands for a model's name. */
  config: string;
  env: string;
  /** `split` is text whose `file:PATH` names a path, `source` a path or a database with a query, `share` a number between 0 and 1, `json` JSON or the path of a file with it. */
  kind: 'text' | 'path' | 'source' | 'split' | 'number' | 'share' | 'json' | 'list' | 'choice';
  default: SettingValue;
  description: string;
  choices?: readonly string[];
  /** Numbers: the closed range, whole numbers only. */
  min?: number;
  max?: number;
}

export type SettingValue = string | number | null | string[];

/** Whether the value of a `json` setting is JSON itself, and no path. */
export const isInlineJson = (value: string): boolean => /^[[{]/.test(value);

/** The value as the setting's kind, from text or from a config's value; an Error whose message ends a sentence. */
export function parseSetting(setting: Setting, given: unknown): SettingValue {
  if (given === null && setting.default === null) return null;
  switch (setting.kind) {
    case 'number': {
      const text = typeof given === 'string' ? given.trim() : '';
      const value = typeof given === 'number' ? given : /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
      const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = setting;
      if (!Number.isInteger(value))
        throw new Error(`must be a whole number, and is ${JSON.stringify(given)}`);
      if (value < min || value > max) throw new Error(`must be from ${min} to ${max}, and is ${value}`);
      return value;
    }
    case 'share': {
      const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
      if (typeof value !== 'number' || !(value > 0 && value < 1))
        throw new Error(`must be a number between 0 and 1, and is ${JSON.stringify(given)}`);
      return value;
    }
    case 'json':
      if (typeof given === 'object' && given !== null) return JSON.stringify(given);
      if (typeof given !== 'string' || given.trim() === '')
        throw new Error(`must be JSON or the path of a file with it, and is ${JSON.stringify(given)}`);
      return given.trim();
    case 'list': {
      const list = typeof given === 'string' ? given.split(',').map((item) => item.trim()) : given;
      if (!Array.isArray(list) || list.some((item) => typeof item !== 'string'))
        throw new Error('must be a list of names');
      return list.filter((item) => item !== '');
    }
    case 'choice':
      if (typeof given !== 'string' || !setting.choices?.includes(given)) {
        throw new Error(`must be one of ${setting.choices?.join(', ')}, and is ${JSON.stringify(given)}`);
      }
      return given;
    default:
      if (typeof given !== 'string' && (setting.kind !== 'text' || typeof given !== 'number'))
        throw new Error(`must be text, and is ${JSON.stringify(given)}`);
      if (String(given) === '') throw new Error('must not be empty');
      return String(given);
  }
}
