/** `node --expose-gc engine-idle.ts client|engine URL COUNT`: answers each message of its parent with the bytes it holds. */
import { z } from 'zod';
import { SUBJECTS } from './engine-subjects.ts';

export interface Held {
  rss: number;
  heap: number;
}

const [name, url = '', count = '0'] = process.argv.slice(2);
const subject = SUBJECTS[z.enum(['client', 'sdk', 'engine']).parse(name)];

for (let index = 0; index < Number(count); index += 1) await subject.connect(url, 4);
process.on('message', () => {
  // Only this kind of collection returns pages: a grown heap says nothing about what is held.
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ rss, heap: heapUsed } satisfies Held);
});
process.on('disconnect', () => process.exit());
process.send?.('connected');
