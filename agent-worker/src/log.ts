import type { Log } from '@patchbay/livekit/log';
import { pino, stdSerializers } from 'pino';

/** The framework marks what may be personal, such as the arguments of tools, with this prefix. */
const PERSONAL = 'lk.pii.';
// Where the framework looks for its logger; it has no setter of its own outside of the package.
const LOGGER_KEY = Symbol.for('@livekit/agents:logger');

/**
 * Replaces the logger of the framework in this process by one that leaves personal data out: what users say
 * and what tools are given may hold secrets.
 * @param bindings fields of every line from here on
 */
export function installLog(bindings: Record<string, string> = {}): Log {
  const logger = pino({
    level: 'info',
    serializers: { error: stdSerializers.err },
    formatters: { log: withoutPersonal },
  }).child(bindings);
  Object.assign(globalThis, { [LOGGER_KEY]: logger });
  return logger;
}

/** The fields of a line, less those that may be personal. */
export function withoutPersonal(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith(PERSONAL)));
}
