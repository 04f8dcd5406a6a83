/** What every adapter of the port for voice models has to do, against a model that its tests control. */
import { llm, voice } from '@livekit/agents';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryOf } from '../model/history.ts';
import type { VoiceModel } from '../model/voice-model.ts';
import { until } from './text-conversation.ts';

export interface ContractRig {
  model: VoiceModel;
  /** The service: what it has, and what it does next. It answers a turn of the user with "You said …". */
  service: {
    tools: () => string[];
    instructions: () => string | undefined;
    texts: (role: 'system' | 'user' | 'assistant') => string[];
    outputs: () => string[];
    hear: (words: string) => void;
    /** It calls this tool when the user says these words next. */
    callOn: (words: string, tool: string) => void;
    /** From now on it rejects tools and instructions, or stays silent about them. */
    onUpdate: (answer: 'reject' | 'silence') => void;
    reconnect: () => Promise<void>;
  };
  stop: () => Promise<void>;
}

export function describeVoiceModel(name: string, start: () => Promise<ContractRig>): void {
  describe(`${name} as a voice model`, () => {
    let rig: ContractRig;
    beforeEach(async () => void (rig = await start()));
    afterEach(() => rig.stop());

    const tool = (toolName: string) =>
      llm.tool({ name: toolName, description: 'A tool.', execute: async () => 'ok' });

    it('replaces its tools and says that the model acknowledged them', async () => {
      const { model, service } = rig;
      await expect(model.pushTools([tool('first')])).resolves.toEqual({ outcome: 'acknowledged' });
      await expect(model.pushTools([tool('second')])).resolves.toEqual({ outcome: 'acknowledged' });
      expect(service.tools()).toEqual(['second']);
    });

    it('says that the model rejected its tools, which keeps the previous ones', async () => {
      const { model, service } = rig;
      await model.pushTools([tool('first')]);
      service.onUpdate('reject');
      await expect(model.pushTools([tool('second')])).resolves.toMatchObject({ outcome: 'rejected' });
      expect(service.tools()).toEqual(['first']);
    });

    it('says that the model did not answer about its tools', async () => {
      const { model, service } = rig;
      service.onUpdate('silence');
      await expect(model.pushTools([tool('first')])).resolves.toEqual({ outcome: 'unanswered' });
    });

    it('adds a notice for the model without a reply', async () => {
      const { model, service } = rig;
      model.notify('Tools added: clock.');
      await until(() => service.texts('system').includes('Tools added: clock.'));
      model.sendText('hello');
      await until(() => service.texts('assistant').length > 0);
      expect(service.texts('assistant')).toEqual(['You said hello.']);
    });

    it('says a sentence that neither the model nor the framework remembers', async () => {
      const { model, service } = rig;
      const speech = model.say('One moment.');
      await speech.waitForPlayout();
      expect(speech.chatItems).toMatchObject([{ content: ['One moment.'] }]);
      expect(service.texts('assistant')).toEqual([]);
      for (const { items } of [memoryOf(model.agent), model.session.history])
        expect(items.filter(({ type }) => type === 'message')).toEqual([]);
    });

    it('has the model answer what the user typed', async () => {
      const { model, service } = rig;
      model.sendText('hello');
      await until(() => service.texts('assistant').includes('You said hello.'));
      expect(service.texts('user')).toEqual(['hello']);
    });

    it('replaces the instructions', async () => {
      const { model, service } = rig;
      await expect(model.setInstructions('Be brief.')).resolves.toBe('now');
      expect(service.instructions()).toBe('Be brief.');
    });

    it('keeps the previous instructions when the model rejects new ones, also after a reconnect', async () => {
      const { model, service } = rig;
      await model.setInstructions('Be brief.');
      service.onUpdate('reject');
      await expect(model.setInstructions('Be long.')).resolves.toBe('rejected');
      await service.reconnect();
      expect(service.instructions()).toBe('Be brief.');
    });

    it('announces a turn of the user before its words are known', async () => {
      const { model, service } = rig;
      const phases: string[] = [];
      model.announceUserTurns(({ phase }) => phases.push(phase));
      service.hear('hello');
      await until(() => phases.length > 0);
      expect(phases).toEqual(['started']);
    });

    it('forgets items, and leaves the others', async () => {
      const { model, service } = rig;
      model.notify('One.');
      model.notify('Two.');
      await until(() => model.items.length === 2);
      model.forget(model.items.slice(0, 1).map(({ id }) => id));
      await until(() => service.texts('system').length === 1);
      expect(service.texts('system')).toEqual(['Two.']);
    });

    describe('with a call in the background', () => {
      async function backgroundCall(): Promise<string> {
        const { model, service } = rig;
        const { promise, resolve } = Promise.withResolvers<string>();
        const slow = llm.tool({
          name: 'slow',
          description: 'A slow tool.',
          execute: async (_args, { toolCallId }) => {
            model.toBackground(toolCallId, 'The call still runs.');
            resolve(toolCallId);
            return new voice.StopResponse();
          },
        });
        await model.pushTools([slow]);
        service.callOn('call slow', 'slow');
        model.sendText('call slow');
        const callId = await promise;
        await until(() => service.texts('system').includes('The call still runs.'));
        await model.session.waitForIdle();
        return callId;
      }

      it('delivers its result, which the model answers', async () => {
        const { model, service } = rig;
        const callId = await backgroundCall();
        expect(service.outputs()).toEqual([]);
        await model.deliver(callId, 'It is done.').speech.waitForPlayout();
        expect(service.outputs()).toEqual(['It is done.']);
        expect(service.texts('assistant')).not.toEqual([]);
      });

      it('withdraws a delivery', async () => {
        const { model, service } = rig;
        const callId = await backgroundCall();
        const { speech, withdraw } = model.deliver(callId, 'It is done.');
        await speech.waitForPlayout();
        withdraw();
        await until(() => service.outputs().length === 0);
      });

      it('adds its output without a reply', async () => {
        const { model, service } = rig;
        const callId = await backgroundCall();
        const before = service.texts('assistant');
        model.closeCall(callId, 'Canceled.');
        await until(() => service.outputs().length === 1);
        expect(service.outputs()).toEqual(['Canceled.']);
        expect(service.texts('assistant')).toEqual(before);
      });

      it("passes on the words of the user's first turn after it, and of no other", async () => {
        const { model, service } = rig;
        const callId = await backgroundCall();
        const heard: string[] = [];
        model.userTurnAfter(callId, (words) => heard.push(words));
        expect(heard).toEqual([]);
        service.hear('never mind');
        await until(() => heard.length > 0);
        service.hear('really');
        await until(() => service.texts('user').length === 3);
        expect(heard).toEqual(['never mind']);
      });

      it('does not pass on words after the listener was removed', async () => {
        const { model, service } = rig;
        const callId = await backgroundCall();
        const heard: string[] = [];
        model.userTurnAfter(callId, (words) => heard.push(words))();
        service.hear('never mind');
        await until(() => service.texts('user').length === 2);
        expect(heard).toEqual([]);
      });
    });
  });
}
