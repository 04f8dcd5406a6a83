import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { speak } from '../../speech/speak.ts';
import { connect, type ProtocolClient } from '../protocol-client.ts';
import { addNote, sampleTools } from '../sample-tools.ts';
import { startRehearsalModel, type RehearsalModel } from '../server.ts';

let model: RehearsalModel;
beforeAll(async () => {
  model = await startRehearsalModel({ port: 0, log: () => undefined });
});
afterAll(() => model.close());

const clients: ProtocolClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.ws.terminate();
});

async function connected(session: object = {}): Promise<ProtocolClient> {
  const client = await connect(model.url, session);
  clients.push(client);
  return client;
}

const silence = new Int16Array(24 * 700);

describe('by voice', () => {
  const transcribed = { audio: { input: { transcription: { model: 'gpt-transcribe' } } } };

  it('recognizes a spoken question and calls the tool', async () => {
    const client = await connected({ tools: sampleTools, ...transcribed });
    client.hear(await speak('what time is it in Paris'));
    client.hear(silence);
    const { item_id } = await client.next('input_audio_buffer.speech_started');
    expect(await client.next('input_audio_buffer.speech_stopped')).toMatchObject({ item_id });
    expect((await client.next('response.output_item.done'))['item']).toMatchObject({
      arguments: '{"city":"Paris"}',
    });
    expect(await client.next('conversation.item.input_audio_transcription.completed')).toMatchObject({
      item_id,
      transcript: 'what time is it in paris',
    });
  });

  it('sends the transcript after the response has started', async () => {
    const client = await connected(transcribed);
    client.hear(await speak('tell me a long story'));
    client.hear(silence);
    await client.next('response.output_audio.delta');
    expect(await client.next('conversation.item.input_audio_transcription.completed')).toMatchObject({
      transcript: 'tell me a long story',
    });
    await client.next('response.output_audio.delta');
  });

  it('says that a requested tool was removed', async () => {
    const client = await connected({ tools: sampleTools });
    client.update({ tools: [addNote] });
    client.hear(await speak('what time is it in Paris'));
    client.hear(silence);
    expect(await client.next('response.output_audio_transcript.done')).toMatchObject({
      transcript: 'I cannot do that: current time is not available now.',
    });
  });

  it('is interrupted by a voice', async () => {
    const client = await connected({ tools: sampleTools });
    client.ask('tell me a long story');
    await client.next('response.output_audio.delta');
    client.hear(await speak('stop'));
    await client.next('input_audio_buffer.speech_started');
    expect((await client.next('response.done'))['response']).toMatchObject({
      status: 'cancelled',
      status_details: { reason: 'turn_detected' },
    });
  });

  it('leaves turns to the client if so configured', async () => {
    const client = await connected({
      tools: sampleTools,
      audio: { input: { turn_detection: null, transcription: { model: 'gpt-live-transcribe' } } },
    });
    client.send({ type: 'input_audio_buffer.commit', event_id: 'empty' });
    expect((await client.next('error'))['error']).toMatchObject({ code: 'input_audio_buffer_commit_empty' });
    client.hear(await speak('list the notes'));
    client.hear(silence);
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('input_audio_buffer.committed');
    expect(await client.next('conversation.item.input_audio_transcription.completed')).toMatchObject({
      transcript: 'list the notes',
    });
    expect(client.events.some((event) => event.type === 'response.created')).toBe(false);
  });
});
