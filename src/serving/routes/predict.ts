import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { RiskopsError } from '../../errors.js';
import type { ServerContext } from '../context.js';
import { answerExplained, Explanations, readAsked } from '../explain.js';
import { answerPredict } from '../predict.js';
import { streamFormat } from '../stream/accept.js';
import { answerStream } from '../stream/answer-stream.js';
import { withStreams } from '../stream/schema.js';
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

/** What `explain` and `interval` add to an answer. */
const additions = {
  explanation: {
    type: 'object',
    description:
      'When it was asked for. `base`, the contributions of `reasons` and `other` add up to `margin`, which is on the named `scale`.',
    required: ['scale', 'base', 'margin', 'reasons', 'other'],
    properties: {
      class: { type: ['string', 'number', 'boolean'], description: 'Of many classes the predicted one.' },
      scale: { type: 'string', enum: ['value', 'log-value', 'probability', 'log-odds', 'log-score'] },
      base: { type: 'number' },
      margin: { type: 'number' },
      other: { type: 'number', description: 'What all other features add together.' },
      reasons: {
        type: 'array',
        items: {
          type: 'object',
          required: ['feature', 'contribution', 'direction'],
          properties: {
            feature: { type: 'string' },
            value,
            made_of: { type: 'object', additionalProperties: value },
            contribution: { type: 'number' },
            direction: { type: 'string', enum: ['up', 'down', 'none'] },
          },
        },
      },
    },
  },
  interval: {
    type: ['object', 'null'],
    description:
      'When it was asked for; null when none can be promised, and then `interval_warning` says why.',
    properties: { level: { type: 'number' }, lower: { type: 'number' }, upper: { type: 'number' } },
  },
  interval_warning: { type: 'string' },
};

/** The parameters of the predict and explain routes. */
const querystring = {
  type: 'object',
  properties: {
    explain: {
      type: 'boolean',
      description: 'Say of each row what the features add to its answer; at most 100 rows.',
    },
    top: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 3,
      description: 'How many features are named.',
    },
    interval: {
      type: 'number',
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description: 'How often the truth is to lie in the interval round a prediction; for regressions.',
    },
  },
};

/** What the predict routes take and answer. */
export const predictSchema: FastifySchema = {
  tags: ['predict'],
  querystring,
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
        ...additions,
        predictions: {
          type: 'array',
          items: {
            type: 'object',
            properties: { prediction_id: { type: 'string', format: 'uuid' }, ...prediction, ...additions },
          },
        },
        warnings: {
          type: 'array',
          description:
            'Values that were scored and are odd: an unseen category, out of the training range, imputed, or fewer rows before it than the model looks back on; at most 100.',
          items: {
            type: 'object',
            properties: {
              ...{ row: { type: 'integer' }, feature: { type: 'string' }, code: { type: 'string' } },
              ...{ rows_before: { type: 'integer' }, looks_back: { type: 'integer' } },
            },
          },
        },
        warning_count: { type: 'integer' },
      },
    },
    ...errorAnswers(400, 404, 413, 415, 422, 503, 504),
  },
};

/** Answers the predict routes: with explanations or intervals where the URL asks for them. */
export function answerAsked(
  context: ServerContext,
  explanations: Explanations,
  model: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const asked = readAsked(request.query, false);
  const format = streamFormat(request);
  if (format !== undefined) {
    if (asked.top !== null || asked.level !== null) throw notInStreams();
    return answerStream(context, { format, model }, request, reply);
  }
  return asked.top === null && asked.level === null
    ? answerPredict(context, model, request, reply)
    : answerExplained(context, explanations, model, { request, reply, asked });
}

function notInStreams(): RiskopsError {
  return new RiskopsError('VALIDATION_ERROR', {
    what: 'Rows that stream in are not explained, and get no interval.',
    fix: 'send the rows to be explained as application/json',
  });
}

/** `POST /predict`: scores rows with the default model. */
export const predict: Route = (app, context) => {
  const schema: FastifySchema = {
    ...withStreams(predictSchema),
    summary: 'Score rows with the current model',
  };
  const explanations = new Explanations(context);
  app.post('/predict', { schema, config: { role: 'viewer', streams: true } }, (request, reply) =>
    answerAsked(context, explanations, undefined, request, reply),
  );
};
