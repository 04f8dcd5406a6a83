/** `GET /v1/models/{id}` returns availability and shutdown date. */
import { DEFAULT_REALTIME_MODEL, DEFAULT_TRANSCRIPTION_MODEL } from '@patchbay/shared/contract/voice-models';
import { z } from 'zod';
import { failed, ok, unknown, warning, type Finding } from './finding.ts';
import { ask, type Answer } from './http.ts';

const DAY_MS = 86_400_000;
const WARN_DAYS = 60;
const DEPRECATIONS = 'https://developers.openai.com/api/docs/deprecations';

const Model = z.object({ shutdown_date: z.iso.date().nullish() });
const NotFound = z.object({ error: z.object({ code: z.literal('model_not_found') }) });

export interface UsedModel {
  check: string;
  name: string;
  /** An imperative without its object, such as "Set OPENAI_REALTIME_MODEL to". */
  change: string;
}

export const readModelDates = (url: string, key: string, name: string): Promise<Answer> =>
  ask(`${url}/models/${encodeURIComponent(name)}`, { headers: { authorization: `Bearer ${key}` } });

/** @param now a shutdown date is over when its day is, in UTC */
export function judgeModelDates({ check, name, change }: UsedModel, answer: Answer, now: Date): Finding {
  if (answer.status === 404 && NotFound.safeParse(answer.body).success)
    return failed(
      check,
      `${name} does not exist, or the key may not use it`,
      `${change} ${replacementOf(name)}.`,
    );
  const model = Model.safeParse(answer.body);
  if (answer.status !== 200 || !model.success)
    return unknown(check, `the shutdown date of ${name} can't be read (${answer.status ?? answer.reason})`);
  const date = model.data.shutdown_date;
  if (!date) return ok(check, `${name} is available, with no announced shutdown date`);
  const today = now.toISOString().slice(0, 10);
  const days = (Date.parse(date) - Date.parse(today)) / DAY_MS;
  const fix = `${change} ${replacementOf(name)}; see ${DEPRECATIONS}.`;
  if (days < 0) return failed(check, `${name} was shut down on ${date}`, fix);
  if (days <= WARN_DAYS) return warning(check, `${name} shuts down on ${date}, ${inDays(days)}`, fix);
  return ok(check, `${name} is available until ${date}`);
}

function inDays(days: number): string {
  if (days === 0) return 'today';
  return days === 1 ? 'tomorrow' : `in ${days} days`;
}

/** OpenAI's recommendation for its older models; for others, Patchbay's default. */
function replacementOf(name: string): string {
  if (/transcribe|whisper/.test(name)) return DEFAULT_TRANSCRIPTION_MODEL;
  return /mini/.test(name) ? `${DEFAULT_REALTIME_MODEL}-mini` : DEFAULT_REALTIME_MODEL;
}
