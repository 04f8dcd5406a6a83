/** `npm run dev`: like `npm start`, but serves the page from source and restarts functions and worker on change. */
import { runInTerminal } from './terminal.ts';

await runInTerminal({ isLive: true });
