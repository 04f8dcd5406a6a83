/** `npm run dev`: like `npm start`, with the page from its sources, and functions and worker restarted on change. */
import { runInTerminal } from './terminal.ts';

await runInTerminal({ isLive: true });
