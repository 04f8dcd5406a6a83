/** Reports an invalid address before another check fails on it. */
import { failed, type Finding } from './finding.ts';
import type { Subject } from './subject.ts';

const WEB = ['http:', 'https:'];
const ADDRESSES = {
  supabaseUrl: { name: 'SUPABASE_URL', protocols: WEB, example: 'https://….supabase.co' },
  livekitUrl: { name: 'LIVEKIT_URL', protocols: ['ws:', 'wss:', ...WEB], example: 'wss://….livekit.cloud' },
  modelUrl: { name: 'OPENAI_BASE_URL', protocols: WEB, example: 'https://…/v1' },
  webUrl: { name: 'PATCHBAY_WEB_URL', protocols: WEB, example: 'https://…' },
  workerUrl: { name: 'PATCHBAY_WORKER_URL', protocols: WEB, example: 'http://…' },
  monitorUrl: { name: 'PATCHBAY_MONITOR_URL', protocols: WEB, example: 'http://…' },
} as const satisfies Partial<Record<keyof Subject, object>>;

/** @returns a finding for each address that can't be read, and the subject without these */
export function readAddresses(subject: Subject): { findings: Finding[]; readable: Subject } {
  const findings: Finding[] = [];
  const readable = { ...subject };
  for (const field of Object.keys(ADDRESSES) as (keyof typeof ADDRESSES)[]) {
    const { name, protocols, example } = ADDRESSES[field];
    const url = subject[field];
    if (!url || (URL.canParse(url) && protocols.includes(new URL(url).protocol))) continue;
    findings.push(failed('environment', `${name} is not an address`, `Set ${name} to ${example}.`));
    // Without a key, the model isn't checked.
    if (field === 'modelUrl') readable.modelKey = undefined;
    else readable[field] = undefined;
  }
  return { findings, readable };
}
