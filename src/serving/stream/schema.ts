import type { FastifySchema } from 'fastify';

const value = { type: ['number', 'string', 'boolean', 'null'] };
const rows = {
  'application/x-ndjson': {
    schema: {
      description: 'One row a line: an object by feature name, or an array in the order of the signature.',
      anyOf: [
        { type: 'object', additionalProperties: value },
        { type: 'array', items: value },
      ],
    },
  },
  'text/csv': {
    schema: { type: 'string', description: 'A header with the feature names, and one row a record.' },
  },
};

const integer = { type: 'integer' };
const error = {
  type: 'object',
  required: ['code', 'message'],
  properties: {
    code: { type: 'string' },
    message: { type: 'string' },
    problems: { type: 'array', items: { type: 'object' } },
  },
};
const answered = {
  type: 'object',
  description: 'A row that was answered.',
  required: ['row', 'prediction_id', 'prediction'],
  properties: {
    row: integer,
    prediction_id: { type: 'string', format: 'uuid' },
    prediction: { type: ['number', 'string', 'boolean'] },
    class: { type: ['string', 'number', 'boolean'] },
    probabilities: { type: 'object', additionalProperties: { type: 'number' } },
    warnings: {
      type: 'array',
      items: { type: 'object', properties: { feature: { type: 'string' }, code: { type: 'string' } } },
    },
  },
};
const refused = {
  type: 'object',
  description: 'A row that does not fit the model.',
  required: ['row', 'error'],
  properties: { row: integer, error },
};
const totals = {
  type: 'object',
  description: 'The last line. `done` is false when the stream could not be answered to its end.',
  required: ['done', 'model', 'version', 'run_id', 'rows', 'predicted', 'failed', 'warning_count'],
  properties: {
    done: { type: 'boolean' },
    model: { type: 'string' },
    version: integer,
    run_id: { type: 'string' },
    threshold: { type: 'number' },
    ...{ rows: integer, predicted: integer, failed: integer, warning_count: integer },
    error,
  },
};

/** The answers of rows that stream in. */
const streamAnswers = {
  'application/x-ndjson': {
    schema: {
      description: 'One answer a line, in the order of the rows.',
      anyOf: [answered, refused, totals],
    },
  },
  'text/csv': {
    schema: {
      type: 'string',
      description: 'row, prediction_id, prediction, class and probabilities where the model has them, error.',
    },
  },
};

/** A route's schema, with rows that stream in and out beside its own document. */
export function withStreams({ body, response, ...rest }: FastifySchema): FastifySchema {
  const { 200: document, ...errors } = response as Record<number, { description: string }>;
  return {
    ...rest,
    body: { content: { 'application/json': { schema: body }, ...rows } },
    response: {
      200: {
        description: document.description,
        content: { 'application/json': { schema: document }, ...streamAnswers },
      },
      ...errors,
    },
  };
}
