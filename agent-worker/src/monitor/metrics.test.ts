import { expect, it } from 'vitest';
import { exposition } from './metrics.ts';

it('is what Prometheus reads: a type for each name, then its samples', () => {
  const servers = { name: 'patchbay_servers', label: 'status' };
  const rows = [
    { ...servers, label_value: 'connected', value: 3 },
    { name: 'patchbay_monitors', label: null, label_value: null, value: 1 },
    { ...servers, label_value: 'error', value: 0.5 },
  ];
  expect(exposition(rows)).toBe(`# TYPE patchbay_monitors gauge
patchbay_monitors 1
# TYPE patchbay_servers gauge
patchbay_servers{status="connected"} 3
patchbay_servers{status="error"} 0.5
`);
});
