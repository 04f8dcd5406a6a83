import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { EXAMPLE_CITIES, zoneOf } from './cities.ts';
import { runAsProcess, startLoopbackServer, type LoopbackServer } from './loopback-server.ts';

const city = (description: string) =>
  z.string().min(1).max(60).describe(description).meta({ examples: EXAMPLE_CITIES });

/**
 * Starts the clock: the time in a city, the difference between two cities, and a countdown.
 * @param options.port port on 127.0.0.1, 0 for any
 * @param options.now default: the system's time
 * @throws Node's listen error if the port is taken
 */
export function startClock(options: { port: number; now?: () => Date }): Promise<LoopbackServer> {
  const now = options.now ?? (() => new Date());
  return startLoopbackServer({ port: options.port, createSession: () => ({ mcp: createClock(now) }) });
}

function createClock(now: () => Date): McpServer {
  const server = new McpServer(
    { name: 'clock', title: 'Clock', version: '1.0.0' },
    { instructions: 'Gives the time in cities around the world and counts down seconds.' },
  );

  server.registerTool(
    'current_time',
    {
      title: 'Current time',
      description: 'Tells what time it is now in a city.',
      inputSchema: { city: city('A city, such as Tokyo, or a time zone, such as Asia/Tokyo.') },
      outputSchema: { city: z.string(), time_zone: z.string(), time: z.string(), utc_offset: z.string() },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ city: place }) => {
      const zone = zoneOf(place);
      if (!zone) return unknownCity(place);
      const at = now();
      const time = format(at, zone, { hour: 'numeric', minute: '2-digit', hourCycle: 'h12' });
      const day = format(at, zone, { weekday: 'long', day: 'numeric', month: 'long' });
      return {
        content: [{ type: 'text', text: `It is ${time} in ${place}, ${day}.` }],
        structuredContent: {
          city: place,
          time_zone: zone,
          time,
          utc_offset: offsetName(offsetMinutes(at, zone)),
        },
      };
    },
  );

  server.registerTool(
    'time_difference',
    {
      title: 'Time difference',
      description: 'Tells how many hours one city is ahead of another.',
      inputSchema: { from: city('The first city.'), to: city('The second city.') },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ from, to }) => {
      const [fromZone, toZone] = [zoneOf(from), zoneOf(to)];
      if (!fromZone) return unknownCity(from);
      if (!toZone) return unknownCity(to);
      const at = now();
      const minutes = offsetMinutes(at, toZone) - offsetMinutes(at, fromZone);
      const text =
        minutes === 0
          ? `${to} and ${from} have the same time.`
          : `${to} is ${hoursInWords(Math.abs(minutes))} ${minutes > 0 ? 'ahead of' : 'behind'} ${from}.`;
      return { content: [{ type: 'text', text }] };
    },
  );

  server.registerTool(
    'countdown',
    {
      title: 'Countdown',
      description: 'Counts down some seconds and tells when they are over.',
      inputSchema: {
        seconds: z
          .number()
          .int()
          .min(1)
          .max(120)
          .describe('How many seconds to count.')
          .meta({ examples: [5, 10, 20, 30] }),
      },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ seconds }, { signal, sendNotification, _meta }) => {
      const progressToken = _meta?.progressToken;
      for (let counted = 0; counted < seconds; counted += 1) {
        if (progressToken !== undefined)
          await sendNotification({
            method: 'notifications/progress',
            params: {
              progressToken,
              progress: counted,
              total: seconds,
              message: `${seconds - counted} seconds left`,
            },
          });
        await sleep(1000, undefined, { signal });
      }
      return { content: [{ type: 'text', text: `${seconds} seconds are over.` }] };
    },
  );

  return server;
}

function unknownCity(place: string) {
  const text = `I do not know the time in ${place}. Try a larger city nearby, such as ${EXAMPLE_CITIES[0]}.`;
  return { isError: true, content: [{ type: 'text' as const, text }] };
}

function format(at: Date, timeZone: string, options: Intl.DateTimeFormatOptions): string {
  // Intl puts a narrow no-break space before AM and PM, which speech engines stumble over.
  return new Intl.DateTimeFormat('en-US', { ...options, timeZone }).format(at).replace(/\s/g, ' ');
}

function offsetMinutes(at: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at);
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /^GMT([+-])(\d{2}):(\d{2})$/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}

function offsetName(minutes: number): string {
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  const absolute = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(absolute / 60))}:${twoDigits(absolute % 60)}`;
}

function hoursInWords(minutes: number): string {
  const hours = minutes / 60;
  return hours === 1 ? '1 hour' : `${hours} hours`;
}

if (import.meta.main) await runAsProcess('clock', 4111, (port) => startClock({ port }));
