import type { FastifySchema } from 'fastify';
import { RiskopsError } from '../../errors.js';
import type { ServerContext } from '../../serving/context.js';
import { chooseAndRead, predictRows } from '../../serving/predict.js';
import type { Route } from '../../serving/routes/route.js';
import type { ServedModel } from '../../serving/served-model.js';
import { toJson } from '../../util/json.js';
import { printable } from '../../util/text.js';
import { errorsAs } from '../route-errors.js';
import { datatypeOfFeature } from './datatypes.js';
import { outputsOf, shapeOf } from './outputs.js';
import { readInferRequest } from './read-request.js';
import { oipError } from './refuse.js';
import { inferAnswer, inferBody, modelAnswer, oipErrors } from './schemas.js';

interface Path {
  Params: { model: string; version?: string };
}

/** The version that is served under the name. @throws RiskopsError VERSION_NOT_FOUND for any other, and as the slots do */
async function servedVersion(
  { slots }: ServerContext,
  { model, version }: Path['Params'],
): Promise<ServedModel> {
  const served = await slots.current(model);
  if (version === undefined || version === String(served.entry.version)) return served;
  throw new RiskopsError('VERSION_NOT_FOUND', {
    what: `Version "${printable(version, 40)}" of model "${printable(model, 80)}" is not served.`,
    why: `Version ${served.entry.version} is.`,
    fix: 'riskops promote --version N',
  });
}

function describe(model: ServedModel) {
  const { name, entry, header } = model;
  return {
    name,
    versions: [String(entry.version)],
    platform: 'riskops_safetensors',
    inputs: header.signature.features.map((feature) => ({
      name: feature.name,
      datatype: datatypeOfFeature(feature),
      shape: [-1],
    })),
    outputs: outputsOf(model).map((output) => ({
      name: output.name,
      datatype: output.datatype,
      shape: shapeOf(output, -1),
    })),
  };
}

/** `/v2/models/{model}`: metadata, readiness and inference, of the current version or of the version in the path. */
export const oipModels: Route = (app, context) => {
  const { limits } = context;
  const tags = ['open inference protocol'];
  const config = { role: 'viewer' } as const;
  const errorHandler = errorsAs(context, oipError);
  const text = { type: 'string' };

  for (const url of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    const names = [...url.matchAll(/:(\w+)/g)].map(([, name]) => name);
    const params = {
      type: 'object',
      required: names,
      properties: Object.fromEntries(names.map((name) => [name, text])),
    };
    const schemaOf = (summary: string, response: object): FastifySchema => ({
      summary,
      tags,
      params,
      response,
    });

    const metadata = schemaOf('What a model takes and gives', {
      200: modelAnswer,
      ...oipErrors(401, 403, 404, 429, 503),
    });
    app.get<Path>(url, { schema: metadata, config, errorHandler }, async ({ params: path }) =>
      describe(await servedVersion(context, path)),
    );

    const ready = schemaOf('Whether a model can answer', {
      200: {
        description: 'It can.',
        type: 'object',
        required: ['name', 'ready'],
        properties: { name: text, ready: { type: 'boolean' } },
      },
      ...oipErrors(401, 403, 404, 429, 503),
    });
    app.get<Path>(`${url}/ready`, { schema: ready, config, errorHandler }, async ({ params: path }) => {
      const { name } = await servedVersion(context, path);
      return { name, ready: true };
    });

    const infer = {
      ...schemaOf('Score the rows of tensors', {
        200: inferAnswer,
        ...oipErrors(400, 401, 403, 404, 413, 415, 429, 503, 504),
      }),
      body: inferBody,
    };
    app.post<Path>(`${url}/infer`, { schema: infer, config, errorHandler }, async (request, reply) => {
      const { params: path, body } = request;
      const limit = {
        deadline: performance.now() + limits.requestMs,
        isGone: () => request.raw.socket.destroyed,
      };
      const read = (reader: ServedModel) =>
        readInferRequest(body, {
          features: reader.header.signature.features,
          outputs: outputsOf(reader).map(({ name }) => name),
          maxRows: limits.rows,
        });
      // A version that is asked for by its number answers itself, whatever is tried out beside it.
      const named = path.version === undefined ? null : await servedVersion(context, path);
      const { model, asked } =
        named === null
          ? await chooseAndRead(context, path.model, request.id, read)
          : { model: named, asked: read(named) };
      const produced = outputsOf(model);
      const predicted = await predictRows(context, { model, rows: asked.rows, requestId: request.id, limit });
      const wanted = asked.outputs ?? produced.map(({ name }) => name);
      const outputs = wanted.map((name) => {
        const output = produced.find((candidate) => candidate.name === name)!;
        const { datatype } = output;
        return { name, shape: shapeOf(output, asked.rows.length), datatype, data: output.data(predicted) };
      });
      const answer = {
        model_name: model.name,
        model_version: String(model.entry.version),
        ...(asked.id === undefined ? {} : { id: asked.id }),
        outputs,
      };
      return reply.type('application/json; charset=utf-8').send(toJson(answer));
    });
  }
};
