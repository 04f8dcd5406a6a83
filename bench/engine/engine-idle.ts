/**
 * Holds many idle connections and tells its memory: `node --expose-gc engine-idle.ts client|engine URL COUNT`.
 * Each message of its parent is answered with the bytes at that moment.
 */
import { z } from 'zod';
import { SUBJECTS } from './engine-subjects.ts';

/** Bytes of the whole process. */
export interface Held {
  rss: number;
  heap: number;
}

const [name, url = '', count = '0'] = process.argv.slice(2);
const subject = SUBJECTS[z.enum(['client', 'sdk', 'engine']).parse(name)];

for (let index = 0; index < Number(count); index += 1) await subject.connect(url, 4);
process.on('message', () => {
  // The kind that gives pages back: what the heap once grew to says nothing about what is held.
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ rss, heap: heapUsed } satisfies Held);
});
process.on('disconnect', () => process.exit());
process.send?.('connected');
