import { readAddresses } from './addresses.ts';
import { failed, unknown, type Finding } from './finding.ts';
import {
  judgeLivekit,
  judgeMonitor,
  judgePage,
  judgeWorker,
  readLivekit,
  readPage,
  readWorker,
} from './parts.ts';
import { ask } from './http.ts';
import { judgeMail, readMail } from './mail.ts';
import { checkModels } from './models.ts';
import {
  judgeKeyForm,
  judgePolicy,
  judgeSealed,
  judgeSettings,
  judgeSigningKey,
  judgeReturnAddress,
  readSealed,
  readSettings,
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
  readAsClient,
  readFunction,
  readRealtime,
} from './supabase.ts';
import { judgeWorkers, readWorkers } from './workers.ts';

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
 * Checks everything that a deployment consists of. Writes nothing, and no finding holds a secret.
 * Asks the model for one word, which costs a fraction of a cent.
 * @returns a finding for each check, in the order in which to fix them
 */
export async function runChecks(subject: Subject, now = new Date()): Promise<Finding[]> {
  const missing = Object.entries(NEEDED).filter(([field]) => !subject[field as keyof typeof NEEDED]);
  const environment = missing.map(([, name]) => failed('environment', `${name} is not set`, `Set ${name}.`));
  const { findings: malformed, readable } = readAddresses(subject);
  const [supabase, parts] = await Promise.all([checkSupabase(readable), checkParts(readable, now)]);
  const monitor = await checkMonitor(readable, supabase.state);
  return [...environment, ...malformed, ...supabase.findings, ...parts, monitor];
}

async function checkSupabase(
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
  const settings = readSettings(url, secretKey, subject);
  const functions = readFunctions(url, expected.functions);
  const checks: (Finding | Promise<Finding>)[] = [database];
  if (isOpen) checks.push(judgeMigrations(answer, expected.migrations));
  if (state) checks.push(...judgeState(state));
  checks.push(
    readAsClient(url, publishableKey, expected.tables).then(judgeClient),
    readRealtime(url, secretKey, publishableKey).then(judgeRealtime),
    functions.then(judgeFunctions),
    Promise.all([settings, functions]).then(([reading, answers]) => judgeRuntime(reading.functions, answers)),
    settings.then(judgeSettings),
    settings.then((reading) => judgeSigningKey(reading, subject.signingKey !== undefined)),
    settings.then(judgeReturnAddress),
    readMail(url, publishableKey, subject.webUrl, subject.accessToken).then(judgeMail),
    keyForm,
  );
  if (isOpen && keys) checks.push(readSealed(url, secretKey, keys).then(judgeSealed));
  if (isOpen)
    checks.push(
      readWorkers(url, secretKey).then((answer) =>
        judgeWorkers(answer, subject.agentName, subject.expectedWorkers),
      ),
    );
  return { findings: await Promise.all(checks.map(settled)), state };
}

const settled = async (reading: Finding | Promise<Finding>): Promise<Finding> => reading;

async function readFunctions(url: string, names: readonly string[]) {
  const answers = await Promise.all(
    names.map(async (name) => [name, await readFunction(url, name)] as const),
  );
  return Object.fromEntries(answers);
}

async function checkParts(subject: Subject, now: Date): Promise<Finding[]> {
  const { livekitUrl, livekitApiKey, livekitApiSecret } = subject;
  const { supabaseUrl, webUrl, workerUrl, agentName, addressPolicy } = subject;
  const places = [webUrl, supabaseUrl].filter((place) => place !== undefined);
  const needed = {
    ...(supabaseUrl && { PUBLIC_SUPABASE_URL: supabaseUrl }),
    ...(livekitUrl && { LIVEKIT_URL: livekitUrl }),
  };
  const models = checkModels(subject, now);
  const checks: (Finding | Promise<Finding>)[] = [judgePolicy(addressPolicy, places)];
  if (livekitUrl && livekitApiKey && livekitApiSecret)
    checks.push(readLivekit(livekitUrl, livekitApiKey, livekitApiSecret).then(judgeLivekit));
  const whole = [
    webUrl
      ? readPage(webUrl).then((answer) => judgePage(answer, webUrl, needed))
      : unknown('page', 'its address is not known: set PATCHBAY_WEB_URL'),
    workerUrl
      ? readWorker(workerUrl).then((reading) => judgeWorker(reading, agentName))
      : unknown('worker', 'its address is not known: set PATCHBAY_WORKER_URL'),
  ];
  const [first, middle, last] = await Promise.all([
    Promise.all(checks.map(settled)),
    models,
    Promise.all(whole.map(settled)),
  ]);
  return [...first, ...middle, ...last];
}

async function checkMonitor({ monitorUrl }: Subject, state: DeploymentState | null): Promise<Finding> {
  const health = monitorUrl ? await ask(`${monitorUrl.replace(/\/$/, '')}/`) : null;
  return judgeMonitor(health, state?.monitors ?? null, state?.monitors_without_network);
}
