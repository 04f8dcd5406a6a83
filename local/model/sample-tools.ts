import type { Tool } from './protocol/validate.ts';

type Properties = Record<string, Record<string, unknown>>;

/** Returns a function tool, by default with all parameters required. */
export function tool(
  name: string,
  description: string,
  properties: Properties = {},
  required = Object.keys(properties),
): Tool {
  return { type: 'function', name, description, parameters: { type: 'object', properties, required } };
}

const city = { type: 'string', examples: ['Tokyo', 'London', 'Berlin', 'Paris', 'New York'] };

export const currentTime = tool('clock__current_time', 'Tells what time it is now in a city.', { city });
const timeDifference = tool('clock__time_difference', 'Tells how far one city is ahead of another.', {
  from: city,
  to: city,
});
export const addNote = tool('notes__add_note', 'Writes down a note.', {
  text: { type: 'string', examples: ['buy milk', 'call the dentist'] },
});
export const listNotes = tool('notes__list_notes', 'Tells all notes that were written down.');
export const deleteNotes = tool('notes__delete_all_notes', 'Throws all notes away.');
export const getSum = tool('math__get-sum', 'Returns the sum of two numbers', {
  a: { type: 'number' },
  b: { type: 'number' },
});

export const countdown = tool('clock__countdown', 'Counts down some seconds.', {
  seconds: { type: 'integer', minimum: 1, maximum: 120, examples: [10, 20] },
});

export const sampleTools = [currentTime, timeDifference, addNote, listNotes, getSum, countdown, deleteNotes];
