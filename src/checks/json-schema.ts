/** A JSON Schema as this server's own document uses it. */
export type Schema = Record<string, unknown>;

const WORDS = new Set(['description', 'title', 'default', 'example', 'examples', '$id', 'summary']);

const FORMATS: Record<string, RegExp> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
};

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  // JSON has no word for them, so special numbers stand as texts where a number may be one.
  return typeof value === type;
}

type Check = (given: unknown, value: unknown, at: string, follow: Follow) => string[];
type Follow = (schema: Schema, value: unknown, at: string) => string[];

const fault = (isRight: boolean, at: string, what: string) => (isRight ? [] : [`${at || 'it'} ${what}`]);
const isObject = (value: unknown): value is Record<string, unknown> => isOfType(value, 'object');

const checks: Record<string, Check> = {
  type: (given, value, at) => {
    const types = [given].flat() as string[];
    return fault(
      types.some((type) => isOfType(value, type)),
      at,
      `is no ${types.join(' or ')}`,
    );
  },
  const: (given, value, at) => fault(value === given, at, `is not ${JSON.stringify(given)}`),
  enum: (given, value, at) => fault((given as unknown[]).includes(value), at, 'is none of its values'),
  format: (given, value, at) =>
    fault(typeof value !== 'string' || (FORMATS[String(given)]?.test(value) ?? false), at, `is no ${given}`),
  required: (given, value, at) =>
    (given as string[]).flatMap((name) => fault(!isObject(value) || name in value, at, `lacks ${name}`)),
  properties: (given, value, at, follow) =>
    Object.entries(given as Record<string, Schema>).flatMap(([name, schema]) =>
      isObject(value) && Object.hasOwn(value, name) ? follow(schema, value[name], `${at}.${name}`) : [],
    ),
  items: (given, value, at, follow) =>
    Array.isArray(value) ? value.flatMap((item, i) => follow(given as Schema, item, `${at}[${i}]`)) : [],
  minItems: (given, value, at) =>
    fault(!Array.isArray(value) || value.length >= Number(given), at, 'is too short'),
  maxItems: (given, value, at) =>
    fault(!Array.isArray(value) || value.length <= Number(given), at, 'is too long'),
  minimum: (given, value, at) =>
    fault(typeof value !== 'number' || value >= Number(given), at, 'is too small'),
  maximum: (given, value, at) =>
    fault(typeof value !== 'number' || value <= Number(given), at, 'is too large'),
  maxLength: (given, value, at) =>
    fault(typeof value !== 'string' || value.length <= Number(given), at, 'is too long'),
  anyOf: (given, value, at, follow) =>
    fault(
      (given as Schema[]).some((schema) => follow(schema, value, at).length === 0),
      at,
      'fits none of its forms',
    ),
};

function additional(
  { properties = {}, additionalProperties }: Schema,
  value: unknown,
  at: string,
  follow: Follow,
) {
  if (additionalProperties === undefined || additionalProperties === true || !isObject(value)) return [];
  const others = Object.keys(value).filter((name) => !Object.hasOwn(properties as object, name));
  if (additionalProperties === false)
    return others.map((name) => `${at || 'it'} has ${name}, which is not described`);
  return others.flatMap((name) => follow(additionalProperties as Schema, value[name], `${at}.${name}`));
}

/**
 * Where a value does not fit a schema, in words; empty when it does.
 * @param document what `#/...` references of the schema stand in
 * @throws Error for a keyword that it does not know, rather than to let anything pass
 */
export function schemaFaults(schema: Schema, value: unknown, document: unknown): string[] {
  const follow: Follow = (given, item, at) => {
    const { $ref, additionalProperties: _, ...rest } = given;
    if (typeof $ref === 'string') return follow(resolveReference($ref, document), item, at);
    const faults = Object.entries(rest).flatMap(([keyword, content]) => {
      if (WORDS.has(keyword)) return [];
      const check = checks[keyword];
      if (check === undefined) throw new Error(`a schema has the unknown keyword ${keyword}`);
      return check(content, item, at, follow);
    });
    return [...faults, ...additional(given, item, at, follow)];
  };
  return follow(schema, value, '');
}

/** @throws Error when it leads nowhere */
export function resolveReference(reference: string, document: unknown): Schema {
  const found = reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), document);
  if (!reference.startsWith('#/') || !isObject(found)) throw new Error(`${reference} leads nowhere`);
  return found;
}
