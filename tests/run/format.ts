import { join } from 'node:path';
import { runTool } from '../../local/processes/tool.ts';

const ROOT = join(import.meta.dirname, '../..');
const paths = process.argv.slice(2);
const { code, output } = await runTool({
  command: join(ROOT, 'node_modules/.bin/prettier'),
  args: ['--write', '--log-level', 'warn', ...(paths.length === 0 ? ['.'] : paths)],
  cwd: ROOT,
});
if (output) console.error(output);
process.exitCode = code;
if (process.connected) process.disconnect();
