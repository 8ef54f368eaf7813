import type { FastifySchema } from 'fastify';
import { answerPredict } from '../predict.js';
import { errorAnswers, type Route } from './route.js';

const value = { type: ['number', 'string', 'boolean', 'null'] };
const rowByPosition = { type: 'array', items: value };
const rowByName = { type: 'object', additionalProperties: value };
const prediction = {
  prediction: {
    type: ['number', 'string'],
    description:
      "The probability of the positive class, or the value in the target's unit; of a model with three or more classes the likeliest class.",
  },
  class: {
    type: ['string', 'number', 'boolean'],
    description:
      "The class by the model's threshold; of three or more the likeliest, the first of equally likely ones.",
  },
  probabilities: {
    type: 'object',
    additionalProperties: { type: 'number' },
    description: 'Of a model with three or more classes the probability of each, by the text of the class.',
  },
};

/** What the predict routes take and answer. */
export const predictSchema: FastifySchema = {
  tags: ['predict'],
  body: {
    type: 'object',
    description: 'Exactly one of the two.',
    properties: {
      features: {
        description: 'A row in the order of the signature, or rows.',
        anyOf: [rowByPosition, { type: 'array', items: rowByPosition }],
      },
      inputs: {
        description: 'A row by feature name, or rows; null is a missing value.',
        anyOf: [rowByName, { type: 'array', items: rowByName }],
      },
    },
    additionalProperties: false,
  },
  response: {
    200: {
      description:
        "The predictions, in the order of the rows. One row's prediction, class and probabilities stand at the top too.",
      type: 'object',
      required: ['prediction_id', 'model', 'version', 'run_id', 'predictions'],
      properties: {
        prediction_id: { type: 'string', format: 'uuid', description: 'Of the first row.' },
        model: { type: 'string' },
        version: { type: 'integer' },
        run_id: { type: 'string' },
        threshold: { type: 'number' },
        ...prediction,
        predictions: {
          type: 'array',
          items: {
            type: 'object',
            properties: { prediction_id: { type: 'string', format: 'uuid' }, ...prediction },
          },
        },
        warnings: {
          type: 'array',
          description:
            'Values that were scored and are odd: an unseen category, out of the training range, imputed; at most 100.',
          items: {
            type: 'object',
            properties: { row: { type: 'integer' }, feature: { type: 'string' }, code: { type: 'string' } },
          },
        },
        warning_count: { type: 'integer' },
      },
    },
    ...errorAnswers(400, 404, 413, 415, 422, 503, 504),
  },
};

/** `POST /predict`: scores rows with the default model. */
export const predict: Route = (app, context) => {
  const schema: FastifySchema = { ...predictSchema, summary: 'Score rows with the current model' };
  app.post('/predict', { schema }, (request, reply) => answerPredict(context, undefined, request, reply));
};
