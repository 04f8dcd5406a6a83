import { readJson, Stack, type DemoServer } from '../../local/stack/stack-file.ts';

/** Whether end-to-end tests can run: PATCHBAY_STACK names the stack.json of a running stack. */
export const hasStack = Boolean(process.env['PATCHBAY_STACK']);

/**
 * The stack that the tests run against.
 * @throws Error when PATCHBAY_STACK names no stack.json
 */
export function runningStack(): Stack {
  const stack = Stack.safeParse(readJson(process.env['PATCHBAY_STACK'] ?? ''));
  if (!stack.success) throw new Error('PATCHBAY_STACK must name the stack.json of a running stack.');
  return stack.data;
}

/** @throws Error when the stack has no demo server of this name */
export function demoServer(name: string): DemoServer {
  const server = runningStack().demo_servers.find((demo) => demo.name === name);
  if (!server) throw new Error(`The stack has no demo server called ${name}.`);
  return server;
}
