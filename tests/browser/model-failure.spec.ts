import { expect, test, type Page } from '@playwright/test';
import { Room } from '@livekit/rtc-node';
import { TOPIC_ACTIVITY } from '@patchbay/shared/contract/room-topics';
import type { Activity } from '@patchbay/shared/contract/schema/activity';
import { AccessToken } from 'livekit-server-sdk';
import { browserOptions } from '../support/browser/browser.ts';
import { newPerson, type Person } from '../support/person.ts';
import { serviceClient } from '../support/rest-api.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';
import { PATIENCE, transcriptOf } from '../support/browser/typed-talk.ts';

test.use({ launchOptions: browserOptions() });

async function joinConversation({ client }: Person) {
  const { data } = await client
    .from('voice_sessions')
    .select('id, room_name')
    .order('started_at', { ascending: false })
    .limit(1)
    .single<{ id: string; room_name: string }>()
    .throwOnError();
  const { livekit_url, livekit_api_key, livekit_api_secret } = runningStack();
  const token = new AccessToken(livekit_api_key, livekit_api_secret, { identity: 'narrator' });
  token.addGrant({ roomJoin: true, room: data.room_name, canPublishData: true });
  const room = new Room();
  await room.connect(livekit_url, await token.toJwt(), { autoSubscribe: false, dynacast: false });
  return {
    sessionId: data.id,
    send: async (activity: Activity) =>
      void (await room.localParticipant?.sendText(JSON.stringify(activity), { topic: TOPIC_ACTIVITY })),
    leave: () => room.disconnect(),
  };
}

const startTyping = async (page: Page): Promise<void> => {
  await page.getByRole('link', { name: 'Talk' }).click();
  await page.getByRole('button', { name: 'Text only' }).click();
  await expect(
    transcriptOf(page)
      .getByText(/^Agent/)
      .first(),
  ).toBeVisible(PATIENCE);
};

test('a failing voice model is reported during the conversation and in its history', async ({ page }) => {
  const person = await newPerson('model-failure');
  await signIn(page, person);
  await startTyping(page);
  const { sessionId, send, leave } = await joinConversation(person);

  await send({ type: 'model', state: 'reconnecting' });
  const lost = page
    .getByRole('alert')
    .filter({ hasText: 'The agent lost the connection to its voice model.' });
  await expect(lost).toBeVisible(PATIENCE);
  await send({ type: 'model', state: 'connected' });
  await expect(lost).toBeHidden();

  await send({ type: 'unanswered', reason: 'server_error' });
  await expect(transcriptOf(page).getByText('The voice model had an error')).toBeVisible(PATIENCE);

  await send({ type: 'ended', reason: 'model_quota' });
  const ended = page.getByRole('alert').filter({ hasText: 'The OpenAI account is out of credit' });
  await expect(ended).toContainText('Add credit or raise the limit', PATIENCE);
  await expect(page.getByRole('button', { name: 'Text only' })).toBeVisible();
  await leave();

  await serviceClient().rpc('set_session_state', {
    p_session_id: sessionId,
    p_state: 'ended',
    p_end_reason: 'model_quota',
  });
  await page.goto(`${runningStack().web_url}/conversations`);
  const row = page.getByRole('list', { name: 'Conversations' }).getByRole('listitem').first();
  await expect(row).toContainText('The OpenAI account is out of credit', PATIENCE);
  await row.getByRole('link').click();
  await expect(page.getByRole('status').filter({ hasText: 'Add credit or raise the limit' })).toBeVisible(
    PATIENCE,
  );
});
