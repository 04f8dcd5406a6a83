/**
 * Serves what `vite build` makes for Vercel, for those who host the page themselves. The very artifact that is
 * deployed also runs in the local stack and its tests.
 *   node web/server/main.ts <folder of the build output> <port>
 */
import { createPageServer } from './page-server.ts';

const STOP_TIMEOUT_MS = 5_000;

const [folder = '', port = ''] = process.argv.slice(2);
// Behind a TLS proxy, requests arrive by another URL than the public one.
const { PATCHBAY_PAGE_HOST: host = '127.0.0.1', PATCHBAY_WEB_URL: publicUrl } = process.env;

const server = createPageServer(folder, publicUrl);
server.listen(Number(port), host, () => console.log(`serving ${folder} on http://${host}:${port}`));
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    setTimeout(() => process.exit(0), STOP_TIMEOUT_MS);
  });
}
