import { type Answer, type AskOptions, ask } from './http.js';
import { resolveReference, type Schema, schemaFaults } from './json-schema.js';

interface Operation {
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

/** An OpenAPI document, as far as answers are concerned. */
export interface Contract {
  paths: Record<string, Record<string, Operation>>;
}

interface Answered {
  method: string;
  /** Without the query, and without what the document's paths begin behind. */
  path: string;
  status: number;
  body: unknown;
  /** Its media type; application/json when left out. */
  type?: string;
}

/** The path of the document that a request's path is; one that is written out wins over a template. */
function templateOf({ paths }: Contract, path: string): string | undefined {
  if (path in paths) return path;
  const fits = (template: string) => {
    const parts = template.split(/\{[^/]+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('[^/]+')}$`).test(path);
  };
  return Object.keys(paths).find(fits);
}

/** Where an answer is not as the document says, in words; empty when it is. */
export function contractFaults(contract: Contract, { method, path, status, body, type }: Answered): string[] {
  const template = templateOf(contract, path);
  const operation = template === undefined ? undefined : contract.paths[template][method.toLowerCase()];
  if (operation === undefined) return ['the route is not described'];
  const response = operation.responses[status];
  if (response === undefined) return [`the status ${status} is not described`];
  const { content } =
    '$ref' in response ? (resolveReference(String(response.$ref), contract) as typeof response) : response;
  const described = content?.[type ?? 'application/json'];
  if (described === undefined) return [`${type ?? 'application/json'} is not described`];
  return schemaFaults(described.schema ?? {}, body, contract);
}

/** A server, and what it says of itself. */
export interface DescribedServer {
  url: string;
  contract: Contract;
}

/** One request, whose answer must have the status and be as the server's own document says. */
export async function askDescribed(
  { url, contract }: DescribedServer,
  path: string,
  { status = 200, ...options }: AskOptions & { status?: number } = {},
): Promise<Answer> {
  const answer = await ask(`${url}${path}`, options);
  const method = options.body === undefined ? 'GET' : 'POST';
  if (answer.status !== status)
    throw new Error(
      `${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 300)}`,
    );
  const [fault] = contractFaults(contract, { method, path, status, body: answer.body });
  if (fault === undefined) return answer;
  throw new Error(`${method} ${path} is not as /openapi.json says: ${fault}`);
}
