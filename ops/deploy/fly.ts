import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import type { Machine } from '../../agent-worker/src/capacity.ts';

const Seconds = z
  .string()
  .regex(/^\d+s$/)
  .transform((text) => Number.parseInt(text, 10));

const Bytes = z
  .string()
  .regex(/^\d+(mb|gb)$/)
  .transform((text) => Number.parseInt(text, 10) * 2 ** (text.endsWith('gb') ? 30 : 20));

const Fly = z.object({
  kill_signal: z.string(),
  kill_timeout: Seconds,
  build: z.object({ dockerfile: z.string() }),
  deploy: z.object({ strategy: z.string(), max_unavailable: z.number(), wait_timeout: Seconds }),
  env: z.record(z.string(), z.string()),
  processes: z.record(z.string(), z.string()),
  checks: z.record(
    z.string(),
    z.object({ processes: z.array(z.string()), type: z.literal('http'), port: z.int(), path: z.string() }),
  ),
  vm: z.array(z.object({ processes: z.array(z.string()), size: z.string(), memory: Bytes })),
});
export type Fly = z.infer<typeof Fly>;

/** Cores that a machine of Fly sustains: its own ones, or a sixteenth of each shared one. */
export function sustainedCores(size: string): number {
  const [, kind, count] = /^(shared-cpu|performance)-(\d+)x$/.exec(size) ?? [];
  if (kind === undefined) throw new RangeError(`unknown machine size ${size}`);
  return Number(count) * (kind === 'performance' ? 1 : 1 / 16);
}

/** The machine on which fly.toml runs a process, as that process sees it. @throws Error where there is none */
export function machineFor(fly: Fly, process: string): Machine {
  const vm = fly.vm.find(({ processes }) => processes.includes(process));
  if (vm === undefined) throw new Error(`fly.toml has no machine for ${process}`);
  return { totalBytes: vm.memory, constrainedBytes: 0, cores: sustainedCores(vm.size) };
}

/** What fly.toml says. @throws ZodError where a part is missing that the worker relies on */
export function readFly(): Fly {
  return Fly.parse(parse(readFileSync(join(import.meta.dirname, '../../fly.toml'), 'utf8')));
}
