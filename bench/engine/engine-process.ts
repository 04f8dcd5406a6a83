import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface BenchProcess<Answer> {
  ask(message?: string): Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * Starts a file of this folder as a process; resolves with its first message.
 * @throws Error when it ends before that
 */
export async function startProcess<First, Answer>(
  file: string,
  args: readonly string[],
): Promise<BenchProcess<Answer> & { first: First }> {
  const child = fork(join(import.meta.dirname, file), args, {
    execArgv: ['--disable-warning=ExperimentalWarning', '--expose-gc'],
  });
  const first = (await nextMessage(child)) as First;
  return {
    first,
    ask: async (message = 'ask') => {
      const answer = nextMessage(child);
      child.send(message);
      return (await answer) as Answer;
    },
    stop: async () => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const heard = new AbortController();
  const { signal } = heard;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as unknown),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`a process of the benchmark ended with ${String(code)}`);
      }),
    ]);
  } finally {
    heard.abort();
  }
}
