/** `npm start`: the whole product on this machine, until Ctrl-C. `--fresh` moves its data aside first. */
import { runInTerminal } from './terminal.ts';

await runInTerminal({ isLive: false });
