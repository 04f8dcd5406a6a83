import { z } from 'zod';
import { ok, unknown, type Finding } from './finding.ts';
import { ask } from './http.ts';
import { judgeModel, readModel } from './model.ts';
import { judgeModelDates, readModelDates, type UsedModel } from './model-dates.ts';
import type { Subject } from './subject.ts';
import { withKey } from './supabase.ts';

const MAX_AGENT_MODELS = 50;
const ModelRows = z.array(z.object({ model: z.string() }));

const voiceModel = ({ modelName }: Subject): UsedModel => ({
  check: 'model',
  name: modelName,
  change: 'Set OPENAI_REALTIME_MODEL to',
});
const transcriptionModel = (subject: Subject): UsedModel => ({
  check: 'transcription',
  name: subject.transcriptionModel,
  change: 'Set OPENAI_TRANSCRIPTION_MODEL to',
});

/** @returns one finding for the voice model, one for the transcription model, and some for the models of agents */
export async function checkModels(subject: Subject, now: Date): Promise<Finding[]> {
  const { modelUrl: url, modelKey: key, supabaseUrl, secretKey } = subject;
  if (!key) return [];
  const dates = async (model: UsedModel): Promise<Finding> =>
    judgeModelDates(model, await readModelDates(url, key, model.name), now);
  const [voice, transcription, agents] = await Promise.all([
    checkVoiceModel(subject, key, await dates(voiceModel(subject))),
    dates(transcriptionModel(subject)),
    supabaseUrl && secretKey ? checkAgentModels(supabaseUrl, secretKey, dates) : [],
  ]);
  return [voice, transcription, ...agents];
}

/** Doesn't ask a model that isn't available. */
async function checkVoiceModel(subject: Subject, key: string, dates: Finding): Promise<Finding> {
  if (dates.state === 'failed') return dates;
  const { modelUrl: url, modelName: name, transcriptionModel, noiseReduction } = subject;
  const answer = judgeModel(await readModel({ url, key, name, transcriptionModel, noiseReduction }), name);
  if (answer.state !== 'ok') return answer;
  return dates.state === 'warning' ? dates : ok('model', `${answer.said}; ${dates.said}`);
}

async function checkAgentModels(
  url: string,
  secretKey: string,
  dates: (model: UsedModel) => Promise<Finding>,
): Promise<Finding[]> {
  const check = 'agent models';
  const names = await modelsOfAgents(url, secretKey);
  if (names === null) return [unknown(check, 'the agents cannot be read')];
  const change = 'In the web app, or in agent_configs, set the model of the agents that use it to';
  const findings = await Promise.all(names.map((name) => dates({ check, name, change })));
  const bad = findings.filter(({ state }) => state !== 'ok');
  if (bad.length > 0) return bad;
  return [
    ok(check, names.length === 0 ? 'no agent overrides the model' : `${names.join(', ')}: all are available`),
  ];
}

async function modelsOfAgents(url: string, secretKey: string): Promise<string[] | null> {
  const names: string[] = [];
  while (names.length < MAX_AGENT_MODELS) {
    const after = names.length === 0 ? 'not.is.null' : `gt.${encodeURIComponent(names.at(-1) ?? '')}`;
    const query = `select=model&order=model&limit=1&model=${after}`;
    const answer = await ask(`${url}/rest/v1/agent_configs?${query}`, { headers: withKey(secretKey) });
    const rows = ModelRows.safeParse(answer.body);
    if (answer.status !== 200 || !rows.success) return null;
    if (!rows.data[0]) return names;
    names.push(rows.data[0].model);
  }
  return names;
}
