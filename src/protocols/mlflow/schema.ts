import type { FastifySchema } from 'fastify';
import { withStreams } from '../../serving/stream/schema.js';

const value = { type: ['number', 'string', 'boolean', 'null'] };
const byName = { type: 'object', additionalProperties: value };
const byPosition = { type: 'array', items: value };

const MEANING: Record<number, string> = {
  400: 'The request does not fit.',
  401: 'A token is needed.',
  403: 'The token may not do this.',
  404: 'Nothing is promoted yet.',
  413: 'The body, or the number of rows, is over the limit.',
  415: 'The media type is not read.',
  429: 'Too many requests.',
  503: 'Not possible at the moment.',
  504: 'It took longer than the limit.',
};

const errors = Object.fromEntries(
  Object.entries(MEANING).map(([status, description]) => [
    status,
    {
      description,
      type: 'object',
      required: ['error_code', 'message'],
      properties: { error_code: { type: 'string' }, message: { type: 'string' } },
    },
  ]),
);

export const invocationsSchema: FastifySchema = withStreams({
  summary: 'Score rows as MLflow does',
  tags: ['mlflow'],
  body: {
    type: 'object',
    description: 'Exactly one of the four, and params.',
    properties: {
      dataframe_split: {
        type: 'object',
        required: ['data'],
        properties: {
          columns: { type: 'array', items: { type: 'string' } },
          index: { type: 'array' },
          data: { type: 'array', items: byPosition },
        },
      },
      dataframe_records: { type: 'array', items: byName },
      instances: { type: 'array', items: { anyOf: [byName, byPosition, value] } },
      inputs: {
        anyOf: [
          { type: 'array', items: { anyOf: [byName, byPosition, value] } },
          { type: 'object', description: 'By feature the values of all rows.' },
        ],
      },
      params: {
        type: 'object',
        properties: {
          predict_method: { type: 'string', enum: ['predict', 'predict_proba'] },
          prediction_ids: { type: 'boolean' },
        },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  },
  response: {
    200: {
      description: 'The predictions, in the order of the rows.',
      type: 'object',
      required: ['predictions'],
      properties: {
        predictions: {
          type: 'array',
          items: { anyOf: [value, { type: 'array', items: { type: 'number' } }] },
        },
        prediction_ids: {
          type: 'array',
          items: { type: 'string' },
          description: 'When they were asked for.',
        },
      },
    },
    ...errors,
  },
});
