// Runs the rehearsal model as a process: `PORT=4107 node local/model/main.ts`.
import { startRehearsalModel } from './server.ts';

const log = (line: string) => console.log(`rehearsal model: ${line}`);
const port = Number(process.env['PORT'] ?? process.argv[2] ?? 4107);

const model = await startRehearsalModel({ port, log });
log(
  `ready on ${model.url} after ${(performance.now() / 1000).toFixed(1)} s; it follows plain rules and is no language model`,
);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void model.close().then(() => process.exit(0));
  });
}
