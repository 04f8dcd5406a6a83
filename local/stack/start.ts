/** `npm start`: the whole product on this machine, until Ctrl-C. `--fresh` throws its data away first. */
import { runInTerminal } from './terminal.ts';

await runInTerminal({ isLive: false });
