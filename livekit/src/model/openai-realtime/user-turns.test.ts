import { EventEmitter } from 'node:events';
import type { UserTurnActivity } from '@patchbay/shared/contract/schema/activity';
import { beforeEach, describe, expect, it } from 'vitest';
import { announceUserTurns } from './user-turns.ts';

let session: EventEmitter;
let announced: UserTurnActivity[];
beforeEach(() => {
  session = new EventEmitter();
  announced = [];
  announceUserTurns(session as never, (activity) => announced.push(activity));
});

const receive = (type: string, item_id: string, more = {}) =>
  session.emit('openai_server_event_received', { type, item_id, ...more });
const start = (id: string) => receive('input_audio_buffer.speech_started', id);
const transcribe = (id: string, transcript: string) =>
  receive('conversation.item.input_audio_transcription.completed', id, { transcript });
const phases = () => announced.map(({ id, phase }) => `${id} ${phase}`);

describe('a spoken turn of the user', () => {
  it('is announced when it begins, and once only', () => {
    start('a');
    expect(announced).toEqual([{ type: 'user_turn', id: 'a', phase: 'started' }]);
    transcribe('a', 'What time is it?');
    session.emit('session_reconnected');
    expect(phases()).toEqual(['a started']);
  });

  it('is retracted when it had no words or could not be transcribed', () => {
    start('cough');
    start('noise');
    transcribe('cough', ' ');
    receive('conversation.item.input_audio_transcription.failed', 'noise');
    expect(phases()).toEqual(['cough started', 'noise started', 'cough unheard', 'noise unheard']);
  });

  it('is retracted when its connection ends before its transcript comes', () => {
    start('a');
    session.emit('session_reconnected');
    transcribe('a', 'What time is it?');
    expect(phases()).toEqual(['a started', 'a unheard']);
  });
});
