import { EventEmitter } from 'node:events';
import { llm, voice } from '@livekit/agents';
import { describe, expect, it } from 'vitest';
import { onTranscriptLine, lineOf } from './transcript.ts';

const at = Date.parse('2026-11-22T12:00:00Z');
const message = (role: llm.ChatRole, content: string) =>
  llm.ChatMessage.create({ role, content, createdAt: at });

describe('a line of the transcript', () => {
  it('is what the user or the agent said, and when', () => {
    expect(lineOf(message('user', ' What time is it? '), 's')).toMatchObject({
      session_id: 's',
      role: 'user',
      text: 'What time is it?',
      said_at: '2026-11-22T12:00:00.000Z',
    });
    expect(lineOf(message('assistant', 'Four.'), 's')).toMatchObject({ role: 'agent', text: 'Four.' });
  });

  it('is nothing that nobody said', () => {
    expect(lineOf(message('system', 'The clock is gone.'), 's')).toBeNull();
    expect(lineOf(message('developer', 'Be brief.'), 's')).toBeNull();
    expect(lineOf(message('assistant', '  '), 's')).toBeNull();
  });
});

describe('the lines of a conversation', () => {
  it('have the order in which they were said: several messages of one response, and a question written down late', () => {
    const session = new EventEmitter();
    const lines: { text: string; said_at: string }[] = [];
    onTranscriptLine(session as never, 's', (line) => lines.push(line));
    const say = (role: llm.ChatRole, content: string, createdAt: number) =>
      session.emit(voice.AgentSessionEventTypes.ConversationItemAdded, {
        item: llm.ChatMessage.create({ role, content, createdAt }),
      });
    say('assistant', 'It is noon.', at);
    say('assistant', 'No notes.', at);
    say('user', 'What time is it, and what are my notes?', at - 2_000);
    const order = lines.toSorted((a, b) => a.said_at.localeCompare(b.said_at)).map(({ text }) => text);
    expect(order).toEqual(['What time is it, and what are my notes?', 'It is noon.', 'No notes.']);
  });
});
