import type { Service } from '../../../launchd/service.ts';
import { askStatus } from './ask-status.ts';

/**
 * Refuses to start a service beside a daemon that somebody runs by hand: the lock lets only one of them in.
 * @returns pid of the daemon that runs as the service; undefined when none does
 */
export async function refuseForeignDaemon(service: Service): Promise<number | undefined> {
  const report = await service.report();
  const hasProcess = ['running', 'starting', 'stopping'].includes(report.state);
  if (hasProcess && report.pid !== undefined) return report.pid;
  // Connecting would start the service.
  if (!hasProcess && report.isListening) return undefined;
  const answer = await askStatus().catch(() => undefined);
  if (answer === undefined || !('status' in answer)) return undefined;
  const { pid } = answer.status;
  if (hasProcess) return pid;
  throw new Error(`a daemon that is not the service's runs already (pid ${pid}); end it first: kill ${pid}`);
}
