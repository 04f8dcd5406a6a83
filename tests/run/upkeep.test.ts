/** Only GitHub, Renovate and deployments read these files, so mistakes would go unnoticed. */
import { accessSync, constants, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const Step = z.union([z.object({ run: z.string() }), z.object({ uses: z.string() })]);
const Workflow = z.object({
  on: z.object({ pull_request: z.unknown() }),
  permissions: z.strictObject({ contents: z.literal('read') }),
  jobs: z.record(
    z.string(),
    z.object({ 'runs-on': z.string(), 'timeout-minutes': z.int(), steps: z.array(Step) }),
  ),
});
const WORKFLOWS = globSync('.github/workflows/*.yml', { cwd: ROOT }).sort();
const jobsOf = (file: string) => Workflow.parse(parse(read(file), { strict: true })).jobs;

describe('the CI workflow', () => {
  const jobs = jobsOf('.github/workflows/ci.yml');
  const commandsOf = (name: string) => jobs[name]?.steps.flatMap((step) => ('run' in step ? step.run : []));

  it.each(['debian', 'ubuntu'])('runs all tests on %s with one command', (name) => {
    expect(commandsOf(name)).toEqual(['.ci/run']);
    expect(() => accessSync(join(ROOT, '.ci/run'), constants.X_OK)).not.toThrow();
  });

  it('runs the full conformance and interop suites, of which `npm test` runs only a part', () => {
    expect(commandsOf('conformance')).toEqual(['npm test -- conformance']);
    expect(commandsOf('interop')).toEqual(['npm run interop']);
  });

  it('looks for known vulnerabilities', () => {
    expect(commandsOf('audit')).toEqual([expect.stringMatching(/^npm audit\b/)]);
  });
});

describe.each(WORKFLOWS)('%s', (file) => {
  it('checks out the code before it runs anything', () => {
    for (const { steps } of Object.values(jobsOf(file)))
      expect(steps[0]).toMatchObject({ uses: expect.stringMatching(/^actions\/checkout@/) as string });
  });

  it('pins every action to a commit and notes its version', () => {
    const used = [...read(file).matchAll(/^ *(?:- )?uses: (.+)$/gm)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(2);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });
});

describe('images', () => {
  const images = [
    ...WORKFLOWS.flatMap((file) => [...read(file).matchAll(/container: (\S+)/g)]),
    ...read('compose.yaml').matchAll(/image: (\S+)/g),
    ...['agent-worker/Dockerfile', 'web/Dockerfile'].flatMap((file) => [
      ...read(file).matchAll(/^FROM (\S+)/gm),
    ]),
  ].map(([, image]) => image);

  it.each(images)('%s has an exact tag', (image) => {
    expect(image).toMatch(
      /^[\w./-]+:(?:v?\d+\.\d+\.\d+|[a-z]+-20\d{6})(?:-[\w-]+)?(?:@sha256:[0-9a-f]{64})?$/,
    );
  });

  it('get digests and updates from Renovate, as actions do', () => {
    const { extends: presets } = z
      .object({ extends: z.array(z.string()) })
      .parse(JSON.parse(read('renovate.json')));
    expect(presets).toEqual(expect.arrayContaining(['helpers:pinGitHubActionDigests', 'docker:pinDigests']));
  });
});

const Dependencies = z.record(z.string(), z.string()).default({});
const Manifest = z.object({ dependencies: Dependencies, devDependencies: Dependencies });
const Renovate = z.object({
  packageRules: z.array(
    z.object({
      matchPackageNames: z.array(z.string()).default([]),
      matchDepNames: z.array(z.string()).default([]),
      allowedVersions: z.string().optional(),
      enabled: z.boolean().default(true),
    }),
  ),
  customManagers: z.array(
    z.object({
      depNameTemplate: z.string(),
      managerFilePatterns: z.array(z.string()),
      matchStrings: z.array(z.string()),
    }),
  ),
});

describe('the rules of Renovate', () => {
  const { packageRules, customManagers } = Renovate.parse(JSON.parse(read('renovate.json')));
  const versions = new Map<string, string>();
  for (const file of globSync('{.,*}/package.json', { cwd: ROOT })) {
    const { dependencies, devDependencies } = Manifest.parse(JSON.parse(read(file)));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      versions.set(name, version);
  }
  for (const { depNameTemplate, managerFilePatterns, matchStrings } of customManagers) {
    const patterns = managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1)));
    const files = globSync(['.nvmrc', 'local/**/*.{ts,mjs}'], { cwd: ROOT, exclude: ['**/node_modules'] });
    const matched = files.filter((file) => patterns.some((pattern) => pattern.test(file)));
    const found = matched.flatMap((file) =>
      matchStrings.flatMap((text) => [...read(file).matchAll(new RegExp(text, 'g'))]),
    );
    it(`find the version of ${depNameTemplate} in exactly one place`, () => {
      expect(found.map(({ groups }) => groups?.['currentValue'])).toEqual([
        expect.stringMatching(/^\d+\.\d+\.\d+$/),
      ]);
    });
    versions.set(depNameTemplate, found[0]?.groups?.['currentValue'] ?? '');
  }
  versions.set('node', /FROM node:(\S+?)-/.exec(read('agent-worker/Dockerfile'))?.[1] ?? '');

  it('never propose a new hosted Deno version, which follows hosted Supabase, not npm', () => {
    const disabled = packageRules.flatMap(({ enabled, matchDepNames }) => (enabled ? [] : matchDepNames));
    expect(disabled).toEqual(['deno-hosted']);
    expect(versions.get('deno-hosted')).toMatch(/^npm:deno@/);
  });

  it('find one Node version in .nvmrc and in the images', () => {
    expect(versions.get('node')).toBe(read('.nvmrc').trim());
  });

  const named = packageRules.flatMap(({ matchPackageNames, allowedVersions }) =>
    matchPackageNames.filter((name) => !name.includes('*')).map((name) => ({ name, allowedVersions })),
  );

  it.each(named)('allow the version of $name that is in use', ({ name, allowedVersions = '<Infinity' }) => {
    const major = Number.parseInt(versions.get(name) ?? '', 10);
    expect(major).toBeLessThan(Number(allowedVersions.replace('<', '')));
  });
});
