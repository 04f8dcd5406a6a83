import { describe, expect, it } from 'vitest';
import { readClientEvent } from './events.ts';
import { applyPatch, formerTools, initialSettings } from './settings.ts';
import { addNote, currentTime, listNotes, tool } from './sample-tools.ts';

function update(session: object, event_id = 'tools_update_1') {
  return readClientEvent(
    JSON.stringify({ type: 'session.update', event_id, session: { type: 'realtime', ...session } }),
  );
}

function complaintAbout(session: object) {
  const read = update(session);
  return read.ok ? undefined : read.complaint;
}

const withParameters = (parameters: object) => ({ tools: [{ type: 'function', name: 'f', parameters }] });

describe('session.update', () => {
  it('takes what the plugin sends', () => {
    const input = {
      format: { type: 'audio/pcm', rate: 24_000 },
      transcription: { model: 'gpt-4o-mini-transcribe' },
      turn_detection: {
        type: 'semantic_vad',
        eagerness: 'medium',
        create_response: true,
        interrupt_response: true,
      },
    };
    const output = { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'marin' };
    const options = {
      model: 'gpt-realtime',
      output_modalities: ['audio'],
      max_output_tokens: 'inf',
      tool_choice: 'auto',
    };
    expect(complaintAbout({ ...options, audio: { input, output } })).toBeUndefined();
    expect(complaintAbout({ model: 'gpt-realtime', tools: [currentTime, addNote] })).toBeUndefined();
    expect(complaintAbout({ instructions: 'Be kind.' })).toBeUndefined();
  });

  it('names the event that is at fault', () => {
    expect(update({ tools: [tool('bad name', '')] }, 'event_7')).toMatchObject({
      ok: false,
      eventId: 'event_7',
    });
  });

  it.each([
    ['a bad name', { tools: [tool('ok', ''), tool('not good', '')] }, 'invalid_value', 'session.tools[1].name'],
    ['a name that is too long', { tools: [tool('a'.repeat(65), '')] }, 'string_above_max_length', 'session.tools[0].name'],
    ['a name twice', { tools: [addNote, listNotes, addNote] }, 'invalid_value', 'session.tools[2].name'],
    ['129 tools', { tools: Array.from({ length: 129 }, (_, n) => tool(`t${n}`, '')) }, 'array_above_max_length', 'session.tools'],
    ['parameters of another type', withParameters({ type: 'string' }), 'invalid_function_parameters', 'session.tools[0].parameters'],
    ['parameters without a type', withParameters({}), 'invalid_function_parameters', 'session.tools[0].parameters'],
    ['a list without items', withParameters({ type: 'object', properties: { a: { type: 'array' } } }), 'invalid_function_parameters', 'session.tools[0].parameters'],
    ['a type that does not exist', withParameters({ type: 'object', properties: { a: { type: 'text' } } }), 'invalid_function_parameters', 'session.tools[0].parameters'],
    ['a parameter that does not exist', { colour: 'red' }, 'unknown_parameter', 'session.colour'],
    ['a voice that does not exist', { audio: { output: { voice: 'nobody' } } }, 'invalid_value', 'session.audio.output.voice'],
    ['a threshold out of range', { audio: { input: { turn_detection: { type: 'server_vad', threshold: 2 } } } }, 'invalid_value', 'session.audio.input.turn_detection.threshold'],
    ['both modalities', { output_modalities: ['audio', 'text'] }, 'array_above_max_length', 'session.output_modalities'],
    ['a tool without a name', { tools: [{ type: 'function' }] }, 'missing_required_parameter', 'session.tools[0].name'],
  ])('refuses %s', (_, session, code, param) => {
    expect(complaintAbout(session)).toMatchObject({ code, param });
  }); // prettier-ignore

  it('takes 128 tools', () => {
    expect(
      complaintAbout({ tools: Array.from({ length: 128 }, (_, n) => tool(`t${n}`, '')) }),
    ).toBeUndefined();
  });

  it('wants the type of the session', () => {
    const read = readClientEvent('{"type":"session.update","session":{}}');
    expect(read).toMatchObject({
      ok: false,
      complaint: { code: 'missing_required_parameter', param: 'session.type' },
    });
  });
});

describe('other events', () => {
  it('refuses what is no JSON and what is no event', () => {
    expect(readClientEvent('{')).toMatchObject({ ok: false, complaint: { code: 'invalid_json' } });
    expect(readClientEvent('{"type":"session.destroy","event_id":"e1"}')).toMatchObject({ ok: false, complaint: { param: 'type' }, eventId: 'e1' });
  }); // prettier-ignore

  it('refuses a part that its role cannot hold', () => {
    const item = { type: 'message', role: 'assistant', content: [{ type: 'input_text', text: 'Hi' }] };
    const read = readClientEvent(JSON.stringify({ type: 'conversation.item.create', item }));
    expect(read).toMatchObject({ ok: false, complaint: { param: 'item.content[0].type' } });
  });
});

describe('settings', () => {
  const settings = initialSettings('sess_1', 'gpt-realtime');
  const patch = (session: object) => {
    const read = update(session);
    if (!read.ok || read.event.type !== 'session.update') throw new Error('the patch was refused');
    return read.event.session;
  };

  it('changes what the patch names and keeps the rest', () => {
    const first = applyPatch(settings, patch({ tools: [addNote], instructions: 'Be kind.' }), {
      hasSpoken: false,
    });
    if (!first.ok) throw new Error('refused');
    const second = applyPatch(first.settings, patch({ audio: { input: { turn_detection: null } } }), {
      hasSpoken: false,
    });
    if (!second.ok) throw new Error('refused');
    expect(second.settings).toMatchObject({ tools: [addNote], instructions: 'Be kind.' });
    expect(second.settings.audio.input.turn_detection).toBeNull();
    expect(second.settings.audio.output.voice).toBe('alloy');
  });

  it('keeps the voice once it was heard', () => {
    const other = patch({ audio: { output: { voice: 'coral' } } });
    expect(applyPatch(settings, other, { hasSpoken: false }).ok).toBe(true);
    expect(applyPatch(settings, other, { hasSpoken: true })).toMatchObject({ complaint: { code: 'cannot_update_voice' } });
    expect(applyPatch(settings, patch({ audio: { output: { voice: 'alloy' } } }), { hasSpoken: true }).ok).toBe(true);
  }); // prettier-ignore

  it('remembers tools that went and forgets those that came back', () => {
    const gone = formerTools([], [currentTime, addNote], [addNote]);
    expect(gone).toEqual([currentTime]);
    expect(formerTools(gone, [addNote], [currentTime])).toEqual([addNote]);
  });
});
