import { readAddresses } from './addresses.ts';
import { failed, unknown, type Finding } from './finding.ts';
import {
  judgeLivekit,
  judgeMonitor,
  judgePage,
  judgeWorker,
  lookAtLivekit,
  lookAtPage,
  lookAtWorker,
} from './parts.ts';
import { ask } from './http.ts';
import { judgeMail, lookAtMail } from './mail.ts';
import { examineModels } from './models.ts';
import {
  judgeKeyForm,
  judgePolicy,
  judgeSealed,
  judgeSettings,
  judgeSigningKey,
  judgeWayBack,
  lookAtSealed,
  lookAtSettings,
  readKeys,
} from './secrets.ts';
import { judgeRuntime } from './runtime.ts';
import type { Subject } from './subject.ts';
import {
  DeploymentState,
  askState,
  judgeClient,
  judgeDatabase,
  judgeFunctions,
  judgeMigrations,
  judgeRealtime,
  judgeState,
  lookAsClient,
  lookAtFunction,
  lookAtRealtime,
} from './supabase.ts';
import { judgeWorkers, lookAtWorkers } from './workers.ts';

/** Names of what every check needs, as the environment has them. */
const NEEDED = {
  supabaseUrl: 'SUPABASE_URL',
  publishableKey: 'SUPABASE_PUBLISHABLE_KEY',
  secretKey: 'SUPABASE_SECRET_KEY',
  livekitUrl: 'LIVEKIT_URL',
  livekitApiKey: 'LIVEKIT_API_KEY',
  livekitApiSecret: 'LIVEKIT_API_SECRET',
  modelKey: 'OPENAI_API_KEY',
} as const;

/**
 * Looks at everything that an environment consists of. Nothing is written anywhere, and no finding holds a secret.
 * The model is asked for one word, which costs a fraction of a cent.
 * @returns a finding for each check, in the order in which they are best mended
 */
export async function examine(subject: Subject, now = new Date()): Promise<Finding[]> {
  const missing = Object.entries(NEEDED).filter(([field]) => !subject[field as keyof typeof NEEDED]);
  const environment = missing.map(([, name]) => failed('environment', `${name} is not set`, `Set ${name}.`));
  const { findings: malformed, readable } = readAddresses(subject);
  const [supabase, parts] = await Promise.all([examineSupabase(readable), examineParts(readable, now)]);
  const monitor = await examineMonitor(readable, supabase.state);
  return [...environment, ...malformed, ...supabase.findings, ...parts, monitor];
}

async function examineSupabase(
  subject: Subject,
): Promise<{ findings: Finding[]; state: DeploymentState | null }> {
  const { supabaseUrl: url, secretKey, publishableKey, secretsKeys, expected } = subject;
  const keyForm = judgeKeyForm(secretsKeys);
  if (!url || !secretKey || !publishableKey) return { findings: [keyForm], state: null };
  const keys = secretsKeys === undefined ? null : readKeys(secretsKeys);

  const answer = await askState(url, secretKey);
  const database = judgeDatabase(answer);
  const isOpen = database.state === 'ok';
  const state = DeploymentState.safeParse(answer.body).data ?? null;
  const settings = lookAtSettings(url, secretKey, subject);
  const functions = lookAtFunctions(url, expected.functions);
  const looks: (Finding | Promise<Finding>)[] = [database];
  if (isOpen) looks.push(judgeMigrations(answer, expected.migrations));
  if (state) looks.push(...judgeState(state));
  looks.push(
    lookAsClient(url, publishableKey, expected.tables).then(judgeClient),
    lookAtRealtime(url, secretKey, publishableKey).then(judgeRealtime),
    functions.then(judgeFunctions),
    Promise.all([settings, functions]).then(([look, answers]) => judgeRuntime(look.functions, answers)),
    settings.then(judgeSettings),
    settings.then((look) => judgeSigningKey(look, subject.signingKey !== undefined)),
    settings.then(judgeWayBack),
    lookAtMail(url, publishableKey, subject.webUrl, subject.accessToken).then(judgeMail),
    keyForm,
  );
  if (isOpen && keys) looks.push(lookAtSealed(url, secretKey, keys).then(judgeSealed));
  if (isOpen)
    looks.push(
      lookAtWorkers(url, secretKey).then((answer) =>
        judgeWorkers(answer, subject.agentName, subject.expectedWorkers),
      ),
    );
  return { findings: await Promise.all(looks.map(settled)), state };
}

const settled = async (look: Finding | Promise<Finding>): Promise<Finding> => look;

async function lookAtFunctions(url: string, names: readonly string[]) {
  const answers = await Promise.all(
    names.map(async (name) => [name, await lookAtFunction(url, name)] as const),
  );
  return Object.fromEntries(answers);
}

async function examineParts(subject: Subject, now: Date): Promise<Finding[]> {
  const { livekitUrl, livekitApiKey, livekitApiSecret } = subject;
  const { supabaseUrl, webUrl, workerUrl, agentName, addressPolicy } = subject;
  const places = [webUrl, supabaseUrl].filter((place) => place !== undefined);
  const needed = {
    ...(supabaseUrl && { PUBLIC_SUPABASE_URL: supabaseUrl }),
    ...(livekitUrl && { LIVEKIT_URL: livekitUrl }),
  };
  const models = examineModels(subject, now);
  const looks: (Finding | Promise<Finding>)[] = [judgePolicy(addressPolicy, places)];
  if (livekitUrl && livekitApiKey && livekitApiSecret)
    looks.push(lookAtLivekit(livekitUrl, livekitApiKey, livekitApiSecret).then(judgeLivekit));
  const whole = [
    webUrl
      ? lookAtPage(webUrl).then((answer) => judgePage(answer, webUrl, needed))
      : unknown('page', 'its address is not known: set PATCHBAY_WEB_URL'),
    workerUrl
      ? lookAtWorker(workerUrl).then((look) => judgeWorker(look, agentName))
      : unknown('worker', 'its address is not known: set PATCHBAY_WORKER_URL'),
  ];
  const [first, middle, last] = await Promise.all([
    Promise.all(looks.map(settled)),
    models,
    Promise.all(whole.map(settled)),
  ]);
  return [...first, ...middle, ...last];
}

async function examineMonitor({ monitorUrl }: Subject, state: DeploymentState | null): Promise<Finding> {
  const health = monitorUrl ? await ask(`${monitorUrl.replace(/\/$/, '')}/`) : null;
  return judgeMonitor(health, state?.monitors ?? null, state?.monitors_without_network);
}
