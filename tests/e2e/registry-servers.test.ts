import { beforeAll, describe, expect, it } from 'vitest';
import { exercise, STEPS } from '../interop/exercise.ts';
import { install, whatIsMissing } from '../interop/install.ts';
import { SERVERS } from '../interop/servers.ts';
import { newPerson, type Person } from '../support/person.ts';
import { hasStack } from '../support/running-stack.ts';

/** Includes the build of a server that has to be compiled. */
const PATIENCE_MS = 300_000;
const quick = SERVERS.filter(({ isQuick }) => isQuick);

describe.runIf(hasStack)('a server from a registry', { timeout: PATIENCE_MS }, () => {
  let person: Person;
  beforeAll(async () => {
    person = await newPerson('interop');
  });

  for (const server of quick) {
    const missing = whatIsMissing(server);
    const title = `${server.name} (${server.from})${missing === null ? '' : ` ${missing}`}`;
    it.skipIf(missing !== null)(
      `${title} is listed, stored, offered, called, and recovers from a restart`,
      async () => {
        const { found, fault } = await exercise(server, await install(server), person);
        expect(fault).toBeUndefined();
        expect(Object.keys(found)).toEqual([...STEPS]);
      },
    );
  }
});
