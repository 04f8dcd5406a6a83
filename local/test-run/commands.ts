/** The commands that the documents tell people to type: what runs each of them, or why nothing does. */

/** By the beginning of the command; the file that does the same, or calls what the command calls. */
export const RUN_BY: Record<string, string> = {
  'npm start': 'local/stack/newcomer.story.test.ts',
  'node local/bootstrap.mjs start': 'local/stack/newcomer.story.test.ts',
  'npm test': '.ci/run',
  'npm run check': 'local/test-run/checks.ts',
  'npm run conformance': 'local/test-run/main.ts',
  'npm run db:types': 'local/database/schema.test.ts',
  'npm run db:diff': 'local/database/schema.test.ts',
  'node local/hostile/main.ts': 'local/test-run/parts.ts',
  'node local/model/main.ts': 'local/stack/start.story.test.ts',
  'npm run secrets:rotate': 'local/secrets/rotate.story.test.ts',
  'npm run doctor': 'local/e2e/doctor.test.ts',
  'npm run deploy:supabase': 'local/e2e/deploy-functions.test.ts',
  'npm run bundle:functions': 'local/e2e/deploy-functions.test.ts',
  'npm run release:freeze': 'local/release/released.test.ts',
  'npm run eval -- injection': 'local/eval/injection/injection.test.ts',
  'npx vitest run --project database local/database/upgrade.test.ts': 'local/database/upgrade.test.ts',
  'npx vitest run --project unit -u=all local/test-run/docs.test.ts': 'local/test-run/docs.test.ts',
};

/** By the beginning of the command; why no test runs it. */
export const NOT_RUN: Record<string, string> = {
  'git clone': 'every run of CI begins with it',
  'git pull': 'the newer version is on a remote',
  'git reflog': 'shows where a checkout was, and nothing of ours',
  'git describe': 'tells a version, and nothing of ours',
  'npm audit': 'CI runs it on GitHub, where the registry answers it',
  'npm run dev': 'starts parts again when their files change: a test would have to change the checkout',
  'npm run interop':
    'it installs dozens of servers; local/e2e/registry-servers.test.ts takes a few of them the same way',
  'npm run lockfile:complete':
    'asks the registry; local/test-run/lockfile.test.ts checks what it leaves behind',
  'npm run bench': 'it measures, for minutes; its statistics have tests',
  'npm run screenshots': 'its pictures are for people; the same pages are opened by the browser stories',
  'fly ': 'needs an account, and changes it',
  'docker ': 'needs Docker; local/deploy/compose.test.ts holds the files against the code',
  'npx supabase db push': 'needs a Supabase; the migrations themselves are applied by every test',
  'npx supabase db dump': 'needs Docker',
  'npx supabase gen signing-key': 'makes a key for a hosted project',
  'pg_dump ': 'not among the packages; the restore story copies the same rows',
  'psql ': 'not among the packages; the restore story copies the same rows',
};
