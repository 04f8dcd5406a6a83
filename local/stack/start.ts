import { runInTerminal } from './terminal.ts';

await runInTerminal({ isLive: false });
