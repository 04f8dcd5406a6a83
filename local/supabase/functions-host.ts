// Serves all functions from one Deno process; hosted Supabase has a worker for each. Arguments: the functions' folder and
// the port. Prints `{"port": n}` once it listens, and exits when stdin ends.
import { isFromThisMachine, REFUSAL } from '../stack/loopback.ts';

type Handler = (request: Request) => Response | Promise<Response>;

interface Runtime {
  args: string[];
  serve(options: Record<string, unknown>, handler: Handler): { finished: Promise<void> };
  stat(path: string): Promise<{ isFile: boolean }>;
  readDir(path: string): AsyncIterable<{ name: string; isDirectory: boolean }>;
  stdin: { readable: ReadableStream<Uint8Array> };
  exit(code: number): never;
}

const runtime = (globalThis as unknown as { Deno: Runtime }).Deno;
const [folder, port] = runtime.args;
const PORT_FREE_WITHIN_MS = 5_000;
const handlers = new Map<string, Promise<Handler>>();

async function load(name: string): Promise<Handler> {
  const path = `${folder}/${name}/index.ts`;
  await runtime.stat(path);
  const module = (await import(new URL(path, 'file:///').href)) as { default?: { fetch?: Handler } };
  const handler = module.default?.fetch;
  if (typeof handler !== 'function')
    throw new TypeError(`${name}/index.ts does not export default { fetch }`);
  return (request) => handler(request);
}

/** A failed load is retried at the next call. */
function loaded(name: string): Promise<Handler> {
  const known = handlers.get(name);
  if (known) return known;
  const loading = load(name);
  handlers.set(name, loading);
  loading.catch(() => handlers.delete(name));
  return loading;
}

/** So that no first call waits for the compiler. A failure is reported at the call. */
async function loadAll(): Promise<void> {
  for await (const { name, isDirectory } of runtime.readDir(folder ?? '')) {
    if (isDirectory && !name.startsWith('_')) await loaded(name).catch(() => undefined);
  }
}

function failure(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, { status, headers: { 'Access-Control-Allow-Origin': '*' } });
}

async function serve(request: Request): Promise<Response> {
  if (!isFromThisMachine(request.headers.get('host'), request.headers.get('origin')))
    return new Response(REFUSAL, { status: 403 });
  const name = new URL(request.url).pathname.split('/')[1] ?? '';
  const isName = /^[A-Za-z][A-Za-z0-9_-]{0,99}$/.test(name);
  if (!isName) return failure(404, 'NOT_FOUND', 'Requested function was not found');
  let handler: Handler;
  try {
    handler = await loaded(name);
  } catch (error) {
    if ((error as Error).name === 'NotFound')
      return failure(404, 'NOT_FOUND', 'Requested function was not found');
    console.error(`function ${name} failed to start:`, error);
    return failure(503, 'BOOT_ERROR', 'Function failed to start (please check logs)');
  }
  try {
    return await handler(request);
  } catch (error) {
    console.error(`function ${name} threw:`, error);
    return failure(500, 'WORKER_ERROR', 'Function exited due to an error (please check logs)');
  }
}

function listen(): void {
  runtime.serve(
    {
      hostname: '127.0.0.1',
      port: Number(port),
      onListen: (address: { port: number }) => console.log(JSON.stringify({ port: address.port })),
    },
    serve,
  );
}

// An earlier process whose owner was killed may still be shutting down.
for (const until = Date.now() + PORT_FREE_WITHIN_MS; ;) {
  try {
    listen();
    break;
  } catch (error) {
    if ((error as Error).name !== 'AddrInUse' || Date.now() > until) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

void loadAll().catch(() => undefined);
for await (const _chunk of runtime.stdin.readable) {
  // Nothing is sent on stdin: only its end matters.
}
runtime.exit(0);
