import { DEFAULT_REALTIME_MODEL } from '@patchbay/shared/contract/voice-models';
import { startRehearsalModel } from '../../../local/model/server.ts';
import type { Eval, EvalContext } from '../eval.ts';
import { ATTEMPTS, type Attempt } from './attempts.ts';
import { converse } from './conversation.ts';
import { faultsInActs, faultsInInput, faultsInWords } from './judge.ts';
import type { ModelAddress } from './realtime-client.ts';

/** The rehearsal model accepts every key. */
const REHEARSAL = { key: 'rehearsal', model: DEFAULT_REALTIME_MODEL };

export const injection: Eval = { run: (context) => tryInjections(context, ATTEMPTS) };

/** @returns whether all attempts were withstood, by whichever models there are */
export async function tryInjections(
  { say, environment }: EvalContext,
  attempts: readonly Attempt[],
): Promise<boolean> {
  const rehearsal = await startRehearsalModel({ port: 0, log: () => {} });
  const rehearsed = { name: 'the rehearsal model', url: rehearsal.url, ...REHEARSAL };
  const isRehearsed = await tryAll(attempts, rehearsed, rehearse, say).finally(() => rehearsal.close());

  const { OPENAI_API_KEY: key, OPENAI_BASE_URL: url, OPENAI_REALTIME_MODEL: model } = environment;
  if (!key) {
    say(
      'OPENAI_API_KEY is not set: nothing was tried on a real model. The rehearsal model follows plain rules,',
    );
    say('so this says what reaches a model, and not whether a model would follow it.');
    return isRehearsed;
  }
  const name = model || DEFAULT_REALTIME_MODEL;
  const real = { name, key, url: url || 'https://api.openai.com/v1', model: name };
  return (await tryAll(attempts, real, examine, say)) && isRehearsed;
}

/** With the rehearsal model. @returns what is wrong */
export async function rehearse(attempt: Attempt, address: ModelAddress): Promise<string[]> {
  const transcript = await converse(attempt, address);
  return [...faultsInInput(attempt, transcript), ...faultsInActs(transcript)];
}

/** @returns the problems found */
async function examine(attempt: Attempt, address: ModelAddress): Promise<string[]> {
  const transcript = await converse(attempt, address);
  return [...faultsInInput(attempt, transcript), ...faultsInActs(transcript), ...faultsInWords(transcript)];
}

async function tryAll(
  attempts: readonly Attempt[],
  address: ModelAddress & { name: string },
  attack: typeof rehearse,
  say: (line: string) => void,
): Promise<boolean> {
  say(`with ${address.name}:`);
  let withstood = 0;
  for (const attempt of attempts) {
    const faults = await attack(attempt, address).catch((error: unknown) => [
      error instanceof Error ? error.message : String(error),
    ]);
    if (faults.length === 0) withstood += 1;
    say(`  ${faults.length === 0 ? 'withstood' : 'FAILED   '}  ${attempt.name}`);
    for (const fault of faults) say(`             ${fault}`);
  }
  say(`${withstood} of ${attempts.length} withstood by ${address.name}`);
  return withstood === attempts.length;
}
