import { expect, it } from 'vitest';
import { PromptUpdates } from './prompt-updates.ts';

function promptUpdates(instructions: string, rejected: string | null = null) {
  const steps: string[] = [];
  const gate = { open: Promise.resolve() };
  const updates = new PromptUpdates({
    instructions,
    tools: {
      reserveFor: async (text) => {
        await gate.open;
        steps.push(`room for ${text}`);
      },
    },
    model: {
      setInstructions: (text) => {
        steps.push(`say ${text}`);
        return Promise.resolve(text === rejected ? 'rejected' : 'now');
      },
    },
    log: {
      warn: (_fields: unknown, message?: string) => steps.push(`warn: ${message}`),
      error: (fields: unknown) => expect.unreachable(JSON.stringify(fields)),
    },
  });
  return { updates, steps, gate };
}

it('tools make room before longer instructions reach the model', async () => {
  const { updates, steps } = promptUpdates('Short.');
  updates.change('Much longer than before.');
  await expect
    .poll(() => steps)
    .toEqual(['room for Much longer than before.', 'say Much longer than before.']);
});

it('tools use the room of shorter instructions after these have reached the model', async () => {
  const { updates, steps } = promptUpdates('Rather long instructions.');
  updates.change('Short.');
  await expect.poll(() => steps).toEqual(['say Short.', 'room for Short.']);
});

it('of several changes in a row only the latest is made, and the same instructions change nothing', async () => {
  const { updates, steps, gate } = promptUpdates('One.');
  const opened = Promise.withResolvers<void>();
  gate.open = opened.promise;
  updates.change('One.');
  updates.change('One and two.');
  updates.change('One and two and three.');
  updates.change('One and two and three and four.');
  opened.resolve();
  await expect.poll(() => steps.at(-1)).toBe('say One and two and three and four.');
  expect(steps.filter((step) => step.startsWith('say')).length).toBeLessThanOrEqual(2);
  expect(steps).not.toContain('say One.');
  expect(steps).not.toContain('say One and two and three.');
});

it('instructions that the model rejects are taken back, with the room that tools made for them', async () => {
  const { updates, steps } = promptUpdates('One.', 'One and two.');
  updates.change('One and two.');
  await expect
    .poll(() => steps)
    .toEqual([
      'room for One and two.',
      'say One and two.',
      'warn: the model rejected the new prompt, and keeps the one before',
      'room for One.',
    ]);
});
