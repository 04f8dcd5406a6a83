/** `npm start`: runs the whole product on this machine until Ctrl-C. `--fresh` sets its data aside first. */
import { runInTerminal } from './terminal.ts';

await runInTerminal({ isLive: false });
