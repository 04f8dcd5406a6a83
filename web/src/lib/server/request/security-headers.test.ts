import { describe, expect, it } from 'vitest';
import { connectSources } from './security-headers.ts';

describe('connectSources', () => {
  it('allows both schemes of the project and of a local LiveKit server', () => {
    expect(connectSources('http://127.0.0.1:4101', 'ws://127.0.0.1:4104')).toBe(
      "connect-src 'self' http://127.0.0.1:4101 ws://127.0.0.1:4101 http://127.0.0.1:4104 ws://127.0.0.1:4104",
    );
  });

  it('lets LiveKit Cloud move a client to another region', () => {
    expect(connectSources('https://x.supabase.co', 'wss://demo.livekit.cloud')).toContain(
      'wss://*.livekit.cloud',
    );
  });

  it('does not open a domain that only looks like LiveKit Cloud', () => {
    expect(connectSources('https://x.supabase.co', 'wss://livekit.cloud.example')).not.toContain('*');
  });

  it('leaves LiveKit out when there is none', () => {
    expect(connectSources('https://x.supabase.co', undefined)).toBe(
      "connect-src 'self' https://x.supabase.co wss://x.supabase.co",
    );
  });
});
