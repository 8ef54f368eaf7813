import type { FastifyInstance } from 'fastify';
import { createAdmit } from '../admit.js';
import type { ServerContext } from '../context.js';
import { createQuickAnswer } from './answer.js';
import { answerRequests } from './requests.js';
import { answerSockets } from './sockets.js';

/** Puts the short way to a prediction before the framework. To be called before anything else listens to the app's server. */
export function addQuickWay(app: FastifyInstance, context: ServerContext): void {
  const { server } = app;
  const answer = createQuickAnswer(context, createAdmit(context, 'viewer'), context.basePath);
  server.removeAllListeners('request');
  answerRequests(server, app.routing, answer);
  const sockets = answerSockets(server, answer, context.limits);
  app.addHook('preClose', (done) => {
    sockets.close();
    done();
  });
}
