import { authSettings } from './auth-settings.ts';

export interface Step {
  title: string;
  /** Arguments of the Supabase CLI. Never a secret: other users of a machine see them. */
  args: string[];
  /** In a file that only its owner can read, passed as the last argument and removed afterwards. */
  secrets?: Record<string, string>;
  /** By path, of a folder in which the CLI runs instead of the repository; removed afterwards. */
  files?: Record<string, string>;
}

export type Plan =
  { ok: true; ref: string; steps: Step[]; notes: string[] } | { ok: false; problems: string[] };

/** As read in supabase/functions/_shared/settings.ts. */
const REQUIRED = ['LIVEKIT_URL', 'LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET', 'PATCHBAY_SECRETS_KEYS'];
const OPTIONAL = [
  // Needed for traces.
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'PATCHBAY_ADDRESS_POLICY',
  'PATCHBAY_AGENT_NAME',
  // Needed for API tokens.
  'PATCHBAY_SIGNING_KEY',
  'PATCHBAY_TEST_TIMEOUT_MS',
  // Needed to sign in to servers.
  'PATCHBAY_WEB_URL',
];
const REF = /^[a-z]{20}$/;

/**
 * @param env of the person who deploys; an empty variable counts as not set
 * @param named the reference of the project, where it was given; else SUPABASE_URL holds it
 */
export function planDeployment(env: Record<string, string | undefined>, named?: string): Plan {
  const ref = named ?? referenceOf(env['SUPABASE_URL']);
  const problems: string[] = [];
  if (ref === null || !REF.test(ref))
    problems.push('Name the project by its reference (20 letters), or set SUPABASE_URL to its address.');
  const missing = REQUIRED.filter((name) => !env[name]);
  if (missing.length > 0) problems.push(`Set what the functions need: ${missing.join(', ')}.`);
  const names = [...REQUIRED, ...OPTIONAL].filter((name) => env[name]);
  const secrets = Object.fromEntries(names.map((name) => [name, env[name] ?? '']));
  const unfit = names.filter((name) => !isPlain(secrets[name] ?? ''));
  if (unfit.length > 0) problems.push(`No line break or single quote may be in ${unfit.join(', ')}.`);
  const webUrl = env['PATCHBAY_WEB_URL'];
  const auth = webUrl ? authSettings(webUrl, env) : null;
  if (auth?.ok === false) problems.push(auth.problem);
  if (problems.length > 0 || ref === null) return { ok: false, problems };
  return {
    ok: true,
    ref,
    steps: [
      { title: 'Link this checkout to the project', args: ['link', ref] },
      { title: 'Show the migrations that are missing', args: ['db', 'push', `--remote=${ref}`, '--dry-run'] },
      { title: 'Apply them', args: ['db', 'push', `--remote=${ref}`, '--yes'] },
      {
        title: 'Give the functions their secrets',
        args: ['secrets', 'set', `--remote=${ref}`, '--yes', '--env-file'],
        secrets,
      },
      {
        title: 'Deploy the functions, with what they import from shared',
        args: ['functions', 'deploy', `--remote=${ref}`, '--use-api', '--yes'],
      },
      ...(auth?.ok ? authSteps(ref, auth.files) : []),
    ],
    notes: notesOf(env),
  };
}

function authSteps(ref: string, files: Record<string, string>): Step[] {
  return [
    {
      title: 'Show how the settings of Auth and its email templates differ',
      args: ['config', 'diff', `--remote=${ref}`],
      files,
    },
    { title: 'Apply them', args: ['config', 'push', `--remote=${ref}`, '--yes'], files },
  ];
}

function notesOf(env: Record<string, string | undefined>): string[] {
  if (!env['PATCHBAY_WEB_URL'])
    return [
      'PATCHBAY_WEB_URL is not set: the settings of Auth stay as they are, and links in its emails may lead elsewhere.',
    ];
  if (!env['SMTP_HOST'])
    return [
      "SMTP_HOST is not set: unless the project has a mail server already, Supabase emails only members of the project's team, two per hour.",
    ];
  return [];
}

/** The reference in `https://<reference>.supabase.co`; null for any other address. */
function referenceOf(url: string | undefined): string | null {
  if (!url || !URL.canParse(url)) return null;
  return /^([a-z]{20})\.supabase\.co$/.exec(new URL(url).hostname)?.[1] ?? null;
}

/** Needs no escaping between single quotes in an env file. */
function isPlain(text: string): boolean {
  return !/['\r\n]/.test(text);
}

/** A file of variables, as the CLI reads it. */
export function variablesFile(secrets: Record<string, string>): string {
  return Object.entries(secrets)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');
}

/** What is shown of a step before it is done: of secrets the names alone. */
export function describeStep({ title, args, secrets, files }: Step): string {
  if (files !== undefined)
    return `${title}\n  supabase ${args.join(' ')} <in a folder with ${Object.keys(files).join(', ')}>`;
  const names = secrets === undefined ? '' : ` <a file with ${Object.keys(secrets).join(', ')}>`;
  return `${title}\n  supabase ${args.join(' ')}${names}`;
}
