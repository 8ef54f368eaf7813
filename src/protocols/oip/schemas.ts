const parameters = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
};
const shape = { type: 'array', items: { type: 'integer' } };
const element = { type: ['number', 'string', 'boolean', 'null'] };
const data = {
  description: 'In row-major order, flat or nested; null is a missing value.',
  type: 'array',
  items: { anyOf: [element, { type: 'array', items: element }] },
};
const tensor = {
  type: 'object',
  required: ['name', 'shape', 'datatype', 'data'],
  properties: { name: { type: 'string' }, shape, datatype: { type: 'string' }, parameters, data },
};
const described = {
  type: 'object',
  required: ['name', 'datatype', 'shape'],
  properties: { name: { type: 'string' }, datatype: { type: 'string' }, shape },
};

const MEANING: Record<number, string> = {
  400: 'The request does not fit; the error says where.',
  401: 'A token is needed.',
  403: 'The token may not do this.',
  404: 'There is no such model or version, or nothing is promoted yet.',
  413: 'The body, or the number of rows, is over the limit.',
  415: 'The body is not sent as application/json.',
  429: 'Too many requests.',
  503: 'Not possible at the moment.',
  504: 'It took longer than the limit.',
};

/** The protocol's error answers, by status. */
export function oipErrors(...statuses: number[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: MEANING[status],
        type: 'object',
        required: ['error'],
        properties: { error: { type: 'string' } },
      },
    ]),
  );
}

export const inferBody = {
  type: 'object',
  required: ['inputs'],
  properties: {
    id: { type: 'string', description: 'Comes back with the answer.' },
    parameters,
    inputs: {
      type: 'array',
      description:
        'A tensor of shape [n] or [n, 1] a feature; or one of [n, features] where all are numbers.',
      items: tensor,
    },
    outputs: {
      type: 'array',
      description: 'The outputs that are wanted; all when not given.',
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, parameters },
      },
    },
  },
};

export const inferAnswer = {
  description: 'The outputs, flat in row-major order.',
  type: 'object',
  required: ['model_name', 'outputs'],
  properties: {
    model_name: { type: 'string' },
    model_version: { type: 'string' },
    id: { type: 'string' },
    outputs: { type: 'array', items: tensor },
  },
};

export const modelAnswer = {
  description: 'What the model takes and gives.',
  type: 'object',
  required: ['name', 'platform', 'inputs', 'outputs'],
  properties: {
    name: { type: 'string' },
    versions: { type: 'array', items: { type: 'string' } },
    platform: { type: 'string' },
    inputs: { type: 'array', items: described },
    outputs: { type: 'array', items: described },
  },
};

export const serverAnswer = {
  description: 'The server.',
  type: 'object',
  required: ['name', 'version', 'extensions'],
  properties: {
    name: { type: 'string' },
    version: { type: 'string' },
    extensions: { type: 'array', items: { type: 'string' } },
  },
};
