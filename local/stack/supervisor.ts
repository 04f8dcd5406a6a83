import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadKeys } from '../supabase/keys.ts';
import { bringUp, type Part } from './bring-up.ts';
import { demoServers } from './demo.ts';
import { DEFAULT_PORT_BASE, findFreeBlock, findTakenPort, portsFrom, readPortBase } from './ports.ts';
import { claim } from '../processes/run-record.ts';
import { loadSecrets } from './secrets.ts';
import { deleteData, setAside } from './set-aside.ts';
import { BadEnvironment, isEmbedded, makeSettings, supabaseFolder, type Settings } from './settings.ts';
import { removeStack, writeStack, type Stack } from './stack-file.ts';
import { startWatchdog } from '../processes/watchdog.ts';

const ROOT = join(import.meta.dirname, '../..');
const PORT_GRACE_MS = 5_000;
/** Stopped before the others, because the worker records how its conversations ended. */
const STOPPED_FIRST = ['source watch', 'worker', 'monitor'];

export const DEFAULT_DATA_DIR = join(ROOT, '.local');

export interface StackOptions {
  dataDir?: string;
  /** First port of the block. Default: PATCHBAY_PORT_BASE, else the first free block from 4100. */
  portBase?: number;
  /** Default: 'use'. */
  earlier?: 'use' | 'set aside' | 'delete';
  isLive?: boolean;
  say?: (text: string) => void;
  signal?: AbortSignal;
}

export interface RunningStack {
  stack: Stack;
  settings: Settings;
  stop(): Promise<void>;
}

/**
 * Starts the whole product on this machine, and keeps it running.
 * @returns once everything responds and stack.json is written
 * @throws AlreadyRunning, BadEnvironment, ChildFailed or BuildFailed, with nothing left running
 */
export async function startStack(options: StackOptions = {}): Promise<RunningStack> {
  const { dataDir = DEFAULT_DATA_DIR, say = () => undefined } = options;
  const held = await claim(dataDir, say);
  const watchdog = startWatchdog();
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, ...(options.signal ? [options.signal] : [])]);
  const parts: Part[] = [];
  let stack: Stack | null = null;
  const pids: Record<string, number> = { supervisor: process.pid };
  let stopping: Promise<void> | undefined;

  const onPid = (name: string, pid: number | undefined): void => {
    if (pid === undefined) delete pids[name];
    else pids[name] = pid;
    held.setChild(name, pid);
    if (stack && !ending.signal.aborted) writeStack(dataDir, stack);
  };

  async function stopAll(): Promise<void> {
    ending.abort();
    removeStack(dataDir);
    const isFirst = (part: Part): boolean => STOPPED_FIRST.includes(part.name);
    await Promise.all(parts.filter(isFirst).map((part) => part.stop()));
    await Promise.all(parts.filter((part) => !isFirst(part)).map((part) => part.stop()));
    await watchdog.close();
    held.release();
  }
  const stop = (): Promise<void> => (stopping ??= stopAll());

  try {
    removeStack(dataDir);
    if (options.earlier === 'delete') deleteData(dataDir);
    const aside = options.earlier === 'set aside' ? await setAside(dataDir, new Date()) : null;
    if (aside !== null)
      say(`The old data is in ${relative(ROOT, aside)}. Delete it, or see docs/upgrade.md to restore it.`);
    const logFolder = join(dataDir, 'logs');
    mkdirSync(logFolder, { recursive: true });
    const portBase = await choosePortBase(options.portBase, held.isTakenOver, say);
    const settings = await gatherSettings(dataDir, portBase);
    const context = {
      settings,
      say,
      signal,
      watchdog,
      logFolder,
      onPid,
      parts,
      isLive: options.isLive === true,
    };
    const voiceUnavailable = await Promise.race([bringUp(context), rejectOnAbort(signal)]);
    stack = describe(settings, voiceUnavailable, pids);
    writeStack(dataDir, stack);
    return { stack, settings, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function describe(settings: Settings, voiceUnavailable: string | null, pids: Stack['pids']): Stack {
  const { supabase, livekit, model, demo } = settings;
  return {
    web_url: settings.webUrl,
    supabase_url: supabase.url,
    publishable_key: supabase.publishableKey,
    secret_key: supabase.secretKey,
    ...(supabase.databaseUrl !== undefined && { database_url: supabase.databaseUrl }),
    livekit_url: livekit.url,
    livekit_api_key: livekit.apiKey,
    livekit_api_secret: livekit.apiSecret,
    model_url: model.url,
    ...(voiceUnavailable === null && { worker_url: `http://127.0.0.1:${settings.ports.worker}` }),
    monitor_url: `http://127.0.0.1:${settings.ports.monitor}`,
    demo,
    demo_servers: demoServers(settings),
    ...(voiceUnavailable !== null && { voice_unavailable: voiceUnavailable }),
    pids,
  };
}

async function gatherSettings(dataDir: string, portBase: number): Promise<Settings> {
  const { env } = process;
  const keys = isEmbedded(env, 'SUPABASE_URL') ? await loadKeys(supabaseFolder(dataDir)) : null;
  const secrets = loadSecrets(dataDir);
  return makeSettings({ root: ROOT, dataDir, ports: portsFrom(portBase), portBase, env, secrets, keys });
}

/** @throws BadEnvironment if the requested block is in use */
async function choosePortBase(
  requested: number | undefined,
  isTakenOver: boolean,
  say: (text: string) => void,
): Promise<number> {
  const wanted = requested ?? readPortBase(process.env['PATCHBAY_PORT_BASE']);
  // Leftovers of an interrupted start may still be ending.
  const graceUntil = Date.now() + (isTakenOver ? PORT_GRACE_MS : 0);
  const ports = portsFrom(wanted ?? DEFAULT_PORT_BASE);
  let taken = await findTakenPort(ports);
  while (taken && Date.now() < graceUntil) {
    await sleep(100);
    taken = await findTakenPort(ports);
  }
  if (wanted !== undefined) {
    if (!taken) return wanted;
    const { port, name } = taken;
    throw new BadEnvironment(
      `Port ${port} (${name}) is in use. Choose another block with PATCHBAY_PORT_BASE.`,
    );
  }
  const { base, skipped } = await findFreeBlock(DEFAULT_PORT_BASE);
  for (const { taken: other } of skipped) say(`Port ${other.port} (${other.name}) is in use`);
  if (skipped.length > 0) say(`Using ports from ${base}. PATCHBAY_PORT_BASE chooses another block.`);
  return base;
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
