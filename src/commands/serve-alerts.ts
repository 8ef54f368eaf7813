import { namedSecret, type Project } from '../config.js';
import { namedVariables } from '../monitoring/alerts/alerts-job.js';
import { watchAlerts } from '../monitoring/alerts/watch-alerts.js';
import { alertSubjects, readAlerts } from './alerts-config.js';

/** How long the end of a server waits for a message that is being sent. */
const END_MS = 2_000;

/** Whose figures the rules about a server are held to. */
interface Watched {
  /** Which server it is, in the alerts: `127.0.0.1:8000`. */
  name: string;
  /** Its figures, in the text format of Prometheus. */
  metrics(): Promise<string>;
}

/**
 * What watches the alerts of a project beside its server; called before the server starts, since a fault in the config is to be
 * found then.
 * @returns starts the watch; what it returns ends it
 * @throws CONFIG_INVALID
 */
export async function alertsOfServer(
  project: Project,
  tell: (line: string) => void,
): Promise<(server: Watched) => () => Promise<void>> {
  const config = await readAlerts(project);
  if (config === null || config.rules.length === 0) return () => async () => {};
  const found = namedVariables(config).map((name) => [name, namedSecret(name)] as const);
  for (const [name, value] of found)
    if (value === undefined) tell(`Alerts: the variable ${name} is not set; its channel cannot be used.`);
  const secrets = Object.fromEntries(found.filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  return (server) => {
    const watch = watchAlerts({
      ...{ places: project.places, config, secrets, ...alertSubjects(project) },
      ...{ name: server.name, readMetrics: () => server.metrics() },
      tell,
    });
    return () => watch.stop(END_MS);
  };
}
