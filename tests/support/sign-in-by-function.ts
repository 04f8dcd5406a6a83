import { z } from 'zod';
import { consentAs } from './consent.ts';
import type { Person } from './person.ts';
import { invoke, type FunctionAnswer } from './rest-api.ts';

const Begun = z.object({ authorization_url: z.url() });

/** @returns where the person has to go */
export async function beginSignIn(person: Person, serverId: string): Promise<string> {
  const body = { step: 'begin', server_id: serverId, return_to: '/talk' };
  return Begun.parse((await invoke(person, 'server-sign-in', body)).body).authorization_url;
}

/** @param back what the person came back with */
export function finishSignIn(person: Person, back: URLSearchParams): Promise<FunctionAnswer> {
  return invoke(person, 'server-sign-in', { step: 'finish', callback: back.toString() });
}

/** @param name as whom to sign in at the authorization server */
export async function signInTo(person: Person, serverId: string, name: string): Promise<void> {
  const back = await consentAs(name, await beginSignIn(person, serverId));
  const { status } = await finishSignIn(person, back);
  if (status !== 200) throw new Error(`the sign-in ended with ${status}`);
}
