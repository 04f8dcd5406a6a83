import type { Connection, ConnectionOptions } from './connection.ts';
import { ConnectionRunner } from './connection-runner.ts';
import type { ServerTarget } from './target.ts';

/** Opens a connection that keeps itself alive; returns at once, the state tells how far it is. */
export function openConnection(target: ServerTarget, options: ConnectionOptions): Connection {
  return new ConnectionRunner(target, options);
}
