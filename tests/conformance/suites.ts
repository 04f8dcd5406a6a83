import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { EXPECTED_FAILURES } from './expected-failures.ts';

const require = createRequire(import.meta.url);

export interface Suite {
  name: string;
  program: string;
  args: readonly string[];
  /** null: all that the suite lists. */
  scenarios: readonly string[] | null;
  /** By scenario. */
  expectedFailures: Readonly<Record<string, string>>;
}

const Requirements = z.object({
  client: z.array(z.string()),
  not_scored: z.array(z.object({ scenario: z.string(), leg: z.string() })),
});

const RELEASE = dirname(require.resolve('@modelcontextprotocol/conformance/package.json'));
const PRE_RELEASE = dirname(require.resolve('conformance-next/package.json'));
const programOf = (folder: string): string => join(folder, 'dist/index.js');

function requirementsOf(revision: string): z.infer<typeof Requirements> {
  const file = join(PRE_RELEASE, 'requirements', `${revision}.yaml`);
  return Requirements.parse(parse(readFileSync(file, 'utf8')));
}

/** Scenarios of the pre-release at the wire version of a revision, as its `--requirements <revision>` runs them. */
function atRevision(revision: string, scenarios: readonly string[]): Suite {
  const expected = Object.entries(EXPECTED_FAILURES).filter(([scenario]) => scenarios.includes(scenario));
  return {
    name: revision,
    program: programOf(PRE_RELEASE),
    args: ['--spec-version', revision, '--force'],
    scenarios,
    expectedFailures: Object.fromEntries(expected),
  };
}

/** Includes those that the suite runs without requiring them. */
function allAtRevision(revision: string): Suite {
  const { client, not_scored } = requirementsOf(revision);
  const others = not_scored.filter(({ leg }) => leg === 'client').map(({ scenario }) => scenario);
  return atRevision(revision, [...client, ...others]);
}

/** Every scenario of both releases: `npm run conformance`. */
export function allSuites(): Suite[] {
  const release = {
    name: '0.1.16',
    program: programOf(RELEASE),
    args: [],
    scenarios: null,
    expectedFailures: {},
  };
  return [release, allAtRevision('2026-07-28'), allAtRevision('2025-11-25')];
}

/** The short form of `npm test`: each required scenario once, at the newest revision that has it. */
export function shortSuites(): Suite[] {
  const newer = requirementsOf('2026-07-28').client;
  const older = requirementsOf('2025-11-25').client.filter((scenario) => !newer.includes(scenario));
  return [atRevision('2026-07-28', newer), atRevision('2025-11-25', older)];
}
