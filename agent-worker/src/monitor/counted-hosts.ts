import {
  countedAside,
  HostAdmission,
  hostRequestCounter,
} from '@patchbay/shared/engine/outgoing/host-admission';
import type { MonitorDatabase } from './database.ts';

/** Slots are what probes have; deliveries and revocations have limits of their own. */
const hosts = new HostAdmission();
hosts.allow(null);

/** Runs work whose requests to each host are counted for the owner of a workspace, and never refused. */
export function countingFor<T>(
  { serviceRpc }: Pick<MonitorDatabase, 'serviceRpc'>,
  { workspace_id }: { workspace_id: string },
  work: () => Promise<T>,
): Promise<T> {
  const count = countedAside(hostRequestCounter(serviceRpc, { p_workspace_id: workspace_id }));
  return hosts.run(workspace_id, count, work);
}
