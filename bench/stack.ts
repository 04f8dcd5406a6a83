import { join } from 'node:path';
import { findFreeBlock } from '../local/stack/ports.ts';
import { stackFile, type Stack } from '../local/stack/stack-file.ts';
import { startStack } from '../local/stack/supervisor.ts';
import type { BenchContext } from './bench.ts';

/** Separate from the user's own stack and that of the tests. */
const DATA_DIR = join(import.meta.dirname, '../.local/bench-stack');
const FIRST_PORT = 6100;

/**
 * Runs something against a fresh stack of its own, all of it on this machine, and ends the stack.
 * @throws whatever `use` throws, and what the start of a stack throws
 */
export async function withStack(
  { say, signal }: BenchContext,
  use: (stack: Stack) => Promise<void>,
): Promise<void> {
  for (const name of ['SUPABASE_URL', 'LIVEKIT_URL', 'OPENAI_API_KEY', 'OPENAI_BASE_URL']) {
    delete process.env[name];
  }
  const { base } = await findFreeBlock(FIRST_PORT);
  const running = await startStack({ dataDir: DATA_DIR, portBase: base, earlier: 'delete', say, signal });
  try {
    // The helpers shared with the end-to-end tests find the stack by this.
    process.env['PATCHBAY_STACK'] = stackFile(DATA_DIR);
    await use(running.stack);
  } finally {
    await running.stop();
  }
}
