import { countedAside, HostAdmission } from '@patchbay/shared/engine/outgoing/host-admission';
import type { MonitorDatabase } from './database.ts';

/** Slots are what probes have; deliveries and revocations have limits of their own. */
const hosts = new HostAdmission();
hosts.allow(null);

/** Runs work whose requests to each host are counted for the owner of a workspace, and never refused. */
export function countingFor<T>(
  database: Pick<MonitorDatabase, 'countHostRequests'>,
  { workspace_id }: { workspace_id: string },
  work: () => Promise<T>,
): Promise<T> {
  const count = countedAside((names, requests) => database.countHostRequests(workspace_id, names, requests));
  return hosts.run(workspace_id, count, work);
}
