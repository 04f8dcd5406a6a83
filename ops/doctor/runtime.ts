/** Hosted Supabase updates its runtime by itself; a self-hosted one is up to its operator. */
import type { FunctionSettingsAnswer } from '@patchbay/shared/contract/schema/functions';
import { HOSTED_DENO_VERSION } from '../../local/supabase/deno.ts';
import { failed, ok, unknown, type Finding } from './finding.ts';
import type { Answer } from './http.ts';

const CHECK = 'function runtime';
const UPDATE =
  'Update the edge runtime (supabase-docker names its image) to one that is compatible with ' +
  `Deno ${HOSTED_DENO_VERSION} or newer, and deploy the functions again.`;
const REDEPLOY =
  'Deploy this checkout, whose functions are tested on that version: `npm run deploy:supabase`, or ' +
  '`npm run bundle:functions` where Supabase is your own.';

/**
 * @param settings what `function-settings` tells; null where it doesn't
 * @param answers of each function to a request without a token
 */
export function judgeRuntime(
  settings: Pick<FunctionSettingsAnswer, 'runtime'> | null,
  answers: Record<string, Pick<Answer, 'status'>>,
): Finding {
  const runtime = settings?.runtime;
  if (!runtime) return unknown(CHECK, 'the function function-settings does not return it');
  const version = denoVersionOf(runtime.version);
  const name = version === null ? runtime.version : `Deno ${version}`;
  const broken = Object.entries(answers).filter(([, { status }]) => status !== null && status >= 500);
  const named = broken.map(([function_]) => function_).join(', ');
  if (runtime.lacks.length > 0)
    return failed(
      CHECK,
      `${name} lacks ${runtime.lacks.join(', ')}${named && `; these functions do not start: ${named}`}`,
      UPDATE,
    );
  if (named)
    return failed(
      CHECK,
      `what is deployed as ${named} needs something that ${name} lacks, or fails to start`,
      REDEPLOY,
    );
  if (version === HOSTED_DENO_VERSION) return ok(CHECK, `${name}, on which the functions are tested`);
  return ok(
    CHECK,
    `${name}; the functions are tested on Deno ${HOSTED_DENO_VERSION} (local/supabase/deno.ts)`,
  );
}

/** Plain Deno reports its own version; the edge runtime reports the one that it is compatible with. */
function denoVersionOf(text: string): string | null {
  return /Deno v(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? /^\d+\.\d+\.\d+$/.exec(text)?.[0] ?? null;
}
