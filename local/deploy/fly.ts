import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';

const Seconds = z
  .string()
  .regex(/^\d+s$/)
  .transform((text) => Number.parseInt(text, 10));

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
});
export type Fly = z.infer<typeof Fly>;

/** What fly.toml says. @throws ZodError where a part is missing that the worker relies on */
export function readFly(): Fly {
  return Fly.parse(parse(readFileSync(join(import.meta.dirname, '../../fly.toml'), 'utf8')));
}
