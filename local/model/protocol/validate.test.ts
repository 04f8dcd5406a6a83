import { describe, expect, it } from 'vitest';
import { readClientEvent } from './events.ts';
import { applyPatch, formerTools, initialSettings } from './settings.ts';
import { MAX_SESSION_TOKENS, sessionTokens } from './tokens.ts';
import { addNote, currentTime, listNotes, tool } from '../sample-tools.ts';

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
  it('accepts what the plugin sends', () => {
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

  it('names the event that caused an error', () => {
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
    ['a parameter that does not exist', { color: 'red' }, 'unknown_parameter', 'session.color'],
    ['a voice that does not exist', { audio: { output: { voice: 'nobody' } } }, 'invalid_value', 'session.audio.output.voice'],
    ['a threshold out of range', { audio: { input: { turn_detection: { type: 'server_vad', threshold: 2 } } } }, 'invalid_value', 'session.audio.input.turn_detection.threshold'],
    ['both modalities', { output_modalities: ['audio', 'text'] }, 'array_above_max_length', 'session.output_modalities'],
    ['a temperature, which the API has no more', { temperature: 0.8 }, 'unknown_parameter', 'session.temperature'],
    ['a tool choice by a bare name', { tool_choice: addNote.name }, 'invalid_value', 'session.tool_choice'],
    ['an eagerness that does not exist', { audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'eager' } } } }, 'invalid_value', 'session.audio.input.turn_detection.eagerness'],
    ['a noise reduction that does not exist', { audio: { input: { noise_reduction: { type: 'off' } } } }, 'invalid_value', 'session.audio.input.noise_reduction.type'],
    ['a transcription model that does not exist', { audio: { input: { transcription: { model: 'gpt-realtime' } } } }, 'invalid_value', 'session.audio.input.transcription.model'],
    ['a language that is no code', { audio: { input: { transcription: { model: 'whisper-1', language: 'en-US' } } } }, 'invalid_value', 'session.audio.input.transcription.language'],
    ['one language for a model that takes a list', { audio: { input: { transcription: { model: 'gpt-transcribe', language: 'en' } } } }, 'unsupported_parameter', 'session.audio.input.transcription.language'],
    ['a list of languages for an older model', { audio: { input: { transcription: { model: 'gpt-4o-transcribe', languages: ['en'] } } } }, 'unsupported_parameter', 'session.audio.input.transcription.languages'],
    ['an effort that does not exist', { reasoning: { effort: 'extreme' } }, 'invalid_value', 'session.reasoning.effort'],
    ['a truncation without its ratio', { truncation: { type: 'retention_ratio' } }, 'missing_required_parameter', 'session.truncation.retention_ratio'],
    ['a ratio above one', { truncation: { type: 'retention_ratio', retention_ratio: 80 } }, 'invalid_value', 'session.truncation.retention_ratio'],
    ['more output than the model gives', { max_output_tokens: 5000 }, 'invalid_value', 'session.max_output_tokens'],
    ['a tool without a name', { tools: [{ type: 'function' }] }, 'missing_required_parameter', 'session.tools[0].name'],
  ])('refuses %s', (_, session, code, param) => {
    expect(complaintAbout(session)).toMatchObject({ code, param });
  }); // prettier-ignore

  it('accepts 128 tools', () => {
    expect(
      complaintAbout({ tools: Array.from({ length: 128 }, (_, n) => tool(`t${n}`, '')) }),
    ).toBeUndefined();
  });

  it.each(['auto', 'disabled', { type: 'retention_ratio', retention_ratio: 0.8, token_limits: { post_instructions: 8000 } }])('accepts truncation %j', (truncation) => {
    expect(complaintAbout({ truncation })).toBeUndefined();
  }); // prettier-ignore

  it('requires the type of the session', () => {
    const read = readClientEvent('{"type":"session.update","session":{}}');
    expect(read).toMatchObject({
      ok: false,
      complaint: { code: 'missing_required_parameter', param: 'session.type' },
    });
  });
});

describe('other events', () => {
  it('refuses invalid JSON and unknown events', () => {
    expect(readClientEvent('{')).toMatchObject({ ok: false, complaint: { code: 'invalid_json' } });
    expect(readClientEvent('{"type":"session.destroy","event_id":"e1"}')).toMatchObject({ ok: false, complaint: { param: 'type' }, eventId: 'e1' });
  }); // prettier-ignore

  it('refuses a text that is too long for a content part', () => {
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x'.repeat(256_001) }] };
    const read = readClientEvent(JSON.stringify({ type: 'conversation.item.create', item }));
    expect(read).toMatchObject({ complaint: { code: 'string_above_max_length', param: 'item.content[0].text' } });
  }); // prettier-ignore

  it('refuses a part that its role cannot have', () => {
    const item = { type: 'message', role: 'assistant', content: [{ type: 'input_text', text: 'Hi' }] };
    const read = readClientEvent(JSON.stringify({ type: 'conversation.item.create', item }));
    expect(read).toMatchObject({ ok: false, complaint: { param: 'item.content[0].type' } });
  });
});

describe('response.create', () => {
  const complaintAbout = (response: object) => {
    const read = readClientEvent(JSON.stringify({ type: 'response.create', response }));
    return read.ok ? undefined : read.complaint;
  };
  const said = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] };

  it('accepts all options of an out-of-band response', () => {
    expect(
      complaintAbout({
        conversation: 'none',
        input: [said, { type: 'item_reference', id: 'item_1' }],
        instructions: 'Say "Hi".',
        output_modalities: ['audio'],
        tools: [addNote],
        tool_choice: 'none',
        metadata: { purpose: 'filler' },
        max_output_tokens: 200,
        audio: { output: { voice: 'marin' } },
      }),
    ).toBeUndefined();
    expect(complaintAbout({ conversation: 'none', input: [] })).toBeUndefined();
  });

  it.each([
    ['a conversation of another name', { conversation: 'conv_1' }, 'invalid_value', 'response.conversation'],
    ['an input item of an unknown type', { input: [{ type: 'thought' }] }, 'invalid_value', 'response.input[0].type'],
    ['metadata that is too long', { metadata: { purpose: 'x'.repeat(513) } }, 'string_above_max_length', 'response.metadata.purpose'],
    ['too much metadata', { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`key${n}`, ''])) }, 'invalid_value', 'response.metadata'],
    ['a parameter of the session', { turn_detection: null }, 'unknown_parameter', 'response.turn_detection'],
  ])('refuses %s', (_, response, code, param) => {
    expect(complaintAbout(response)).toMatchObject({ code, param });
  }); // prettier-ignore
});

describe('settings', () => {
  const settings = initialSettings('sess_1', 'gpt-realtime');
  const patch = (session: object) => {
    const read = update(session);
    if (!read.ok || read.event.type !== 'session.update') throw new Error('the patch was refused');
    return read.event.session;
  };

  it('changes only the fields in the patch', () => {
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

  it('refuses turn detection with a transcription model that writes down speech as it arrives', () => {
    const live = patch({ audio: { input: { transcription: { model: 'gpt-live-transcribe' } } } });
    const param = 'session.audio.input.turn_detection';
    expect(applyPatch(settings, live, { hasSpoken: false })).toMatchObject({ complaint: { param } });
    const manual = applyPatch(settings, patch({ audio: { input: { turn_detection: null } } }), {
      hasSpoken: false,
    });
    if (!manual.ok) throw new Error('refused');
    expect(applyPatch(manual.settings, live, { hasSpoken: false }).ok).toBe(true);
  });

  it('keeps the voice once the model has spoken', () => {
    const other = patch({ audio: { output: { voice: 'coral' } } });
    expect(applyPatch(settings, other, { hasSpoken: false }).ok).toBe(true);
    expect(applyPatch(settings, other, { hasSpoken: true })).toMatchObject({ complaint: { code: 'cannot_update_voice' } });
    expect(applyPatch(settings, patch({ audio: { output: { voice: 'alloy' } } }), { hasSpoken: true }).ok).toBe(true);
  }); // prettier-ignore

  it('refuses options of reasoning models on other models', () => {
    const reasoning = patch({ reasoning: { effort: 'low' } });
    const parallel = patch({ parallel_tool_calls: false });
    const applied = (model: string, session: typeof reasoning) =>
      applyPatch(initialSettings('sess_1', model), session, { hasSpoken: false });
    for (const model of ['gpt-realtime', 'gpt-realtime-2025-08-28', 'gpt-realtime-mini'])
      expect(applied(model, reasoning)).toMatchObject({
        complaint: { code: 'unsupported_parameter', param: 'session.reasoning' },
      });
    for (const model of ['gpt-realtime-2', 'gpt-realtime-2.1', 'gpt-realtime-2.1-mini'])
      expect(applied(model, parallel)).toMatchObject({ settings: { parallel_tool_calls: false } });
  });

  it('refuses instructions and tools of more than 16,384 tokens together, and changes nothing', () => {
    const large = Array.from({ length: 100 }, (_, n) => tool(`tool_${n}`, 'It lists the open issues. '.repeat(20)));
    const fits = applyPatch(settings, patch({ tools: large }), { hasSpoken: false });
    if (!fits.ok) throw new Error('refused');
    const before = sessionTokens(fits.settings);
    expect(before).toBeLessThanOrEqual(MAX_SESSION_TOKENS);
    const oneWord = ' more';
    const left = MAX_SESSION_TOKENS - before;
    const exact = applyPatch(fits.settings, patch({ instructions: oneWord.repeat(left) }), { hasSpoken: false });
    expect(exact.ok).toBe(true);
    const over = applyPatch(fits.settings, patch({ instructions: oneWord.repeat(left + 1) }), { hasSpoken: false });
    expect(over).toMatchObject({ complaint: { code: 'invalid_value', param: 'session', message: expect.stringContaining('16384 tokens, but got 16385') } });
  }); // prettier-ignore

  it('remembers removed tools and forgets those that were added again', () => {
    const gone = formerTools([], [currentTime, addNote], [addNote]);
    expect(gone).toEqual([currentTime]);
    expect(formerTools(gone, [addNote], [currentTime])).toEqual([addNote]);
  });
});
