import type { FastifyInstance } from 'fastify';
import type { Task } from '../../src/models/learner.js';
import { protocolRoutes } from '../../src/protocols/all.js';
import type { ServerOptions } from '../../src/serving/server.js';
import { addVersion, fitModel, openApp, openTestStore, promote } from '../serving/support.js';

const fitted = new Map<string, ReturnType<typeof fitModel>>();

/** A model of the task, fitted once. */
function fittedModel(task: Task, features?: readonly string[]): ReturnType<typeof fitModel> {
  const key = `${task} ${features}`;
  const model = fitted.get(key) ?? fitModel(1, task, features);
  fitted.set(key, model);
  return model;
}

/** The server with other protocols' routes, and one model `credit` of the task. */
export async function serveProtocols(
  task: Task = 'binary',
  options: Omit<ServerOptions, 'places'> = {},
  features?: readonly string[],
) {
  const store = await openTestStore();
  await addVersion(store, await fittedModel(task, features));
  await promote(store, 1);
  const { app, context } = await openApp(store.places, { routes: protocolRoutes, ...options });
  return { store, app, context, ask: asker(app) };
}

/** Sends a document, or a text of another type, and gives what came back. */
export function asker(app: FastifyInstance) {
  return async (url: string, payload?: object | string, headers: Record<string, string> = {}) => {
    const answer = await app.inject({
      method: payload === undefined ? 'GET' : 'POST',
      url,
      payload,
      headers,
    });
    const isJson =
      answer.headers['content-type']?.toString().startsWith('application/json') && answer.body.trim() !== '';
    const body = isJson ? answer.json() : answer.body;
    return { status: answer.statusCode, body, headers: answer.headers };
  };
}
