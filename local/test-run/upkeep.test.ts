/** What runs on GitHub only, held against the repository: nobody there notices a rule that matches nothing. */
import { accessSync, constants, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const Step = z.union([z.strictObject({ run: z.string() }), z.object({ uses: z.string() })]);
const Workflow = z.object({
  on: z.object({ push: z.unknown(), pull_request: z.unknown() }),
  permissions: z.strictObject({ contents: z.literal('read') }),
  jobs: z.record(
    z.string(),
    z.object({ 'runs-on': z.string(), 'timeout-minutes': z.int(), steps: z.array(Step) }),
  ),
});

describe('the workflow', () => {
  const { jobs } = Workflow.parse(parse(read('.github/workflows/ci.yml'), { strict: true }));
  const commandsOf = (name: string) => jobs[name]?.steps.flatMap((step) => ('run' in step ? step.run : []));

  it.each(['debian', 'ubuntu'])('runs every test on %s by the one command', (name) => {
    expect(commandsOf(name)).toEqual(['.ci/run']);
    expect(() => accessSync(join(ROOT, '.ci/run'), constants.X_OK)).not.toThrow();
  });

  it('runs in jobs of their own what `npm test` runs in a short form', () => {
    expect(commandsOf('conformance')).toEqual(['npm test -- conformance']);
    expect(commandsOf('interop')).toEqual(['npm run interop']);
  });

  it('asks for known vulnerabilities', () => {
    expect(commandsOf('audit')).toEqual([expect.stringMatching(/^npm audit\b/)]);
  });

  it('has the code before it runs it', () => {
    for (const { steps } of Object.values(jobs))
      expect(steps[0]).toMatchObject({ uses: expect.stringMatching(/^actions\/checkout@/) as string });
  });
});

describe('what comes from elsewhere', () => {
  const workflow = read('.github/workflows/ci.yml');

  it('is an action of one commit, with its version behind it', () => {
    const used = [...workflow.matchAll(/^ *- uses: (.+)$/gm)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(5);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  const images = [
    ...workflow.matchAll(/container: (\S+)/g),
    ...read('compose.yaml').matchAll(/image: (\S+)/g),
    ...['agent-worker/Dockerfile', 'web/Dockerfile'].flatMap((file) => [
      ...read(file).matchAll(/^FROM (\S+)/gm),
    ]),
  ].map(([, image]) => image);

  it.each(images)('is an image with an exact tag: %s', (image) => {
    expect(image).toMatch(
      /^[\w./-]+:(?:v?\d+\.\d+\.\d+|[a-z]+-20\d{6})(?:-[\w-]+)?(?:@sha256:[0-9a-f]{64})?$/,
    );
  });

  it('gets digests, and new ones, from Renovate', () => {
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

describe('the rules of dependency updates', () => {
  const { packageRules, customManagers } = Renovate.parse(JSON.parse(read('renovate.json')));
  const versions = new Map<string, string>();
  for (const file of globSync('{.,shared,agent-worker,web,local}/package.json', { cwd: ROOT })) {
    const { dependencies, devDependencies } = Manifest.parse(JSON.parse(read(file)));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      versions.set(name, version);
  }
  for (const { depNameTemplate, managerFilePatterns, matchStrings } of customManagers) {
    const patterns = managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1)));
    const files = globSync('local/**/*.{ts,mjs}', { cwd: ROOT, exclude: ['**/node_modules'] });
    const matched = files.filter((file) => patterns.some((pattern) => pattern.test(file)));
    const found = matched.flatMap((file) =>
      matchStrings.flatMap((text) => [...read(file).matchAll(new RegExp(text, 'g'))]),
    );
    it(`find ${depNameTemplate} at its one place`, () => {
      expect(found.map(({ groups }) => groups?.['currentValue'])).toEqual([
        expect.stringMatching(/^\d+\.\d+\.\d+$/),
      ]);
    });
    versions.set(depNameTemplate, found[0]?.groups?.['currentValue'] ?? '');
  }
  versions.set('node', /FROM node:(\S+?)-/.exec(read('agent-worker/Dockerfile'))?.[1] ?? '');

  it('never propose another hosted Deno version: it follows hosted Supabase, not npm', () => {
    const disabled = packageRules.flatMap(({ enabled, matchDepNames }) => (enabled ? [] : matchDepNames));
    expect(disabled).toEqual(['deno-hosted']);
    expect(versions.get('deno-hosted')).toMatch(/^npm:deno@/);
  });

  const named = packageRules.flatMap(({ matchPackageNames, allowedVersions }) =>
    matchPackageNames.filter((name) => !name.includes('*')).map((name) => ({ name, allowedVersions })),
  );

  it.each(named)('$name is in use, and allowed as it is', ({ name, allowedVersions = '<Infinity' }) => {
    const major = Number.parseInt(versions.get(name) ?? '', 10);
    expect(major).toBeLessThan(Number(allowedVersions.replace('<', '')));
  });
});
