import { expect, it } from 'vitest';
import { portsFrom } from '../../local/stack/ports.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';

it.runIf(hasStack)(
  'a monitor tells the metrics of the installation, and still whether it works',
  async () => {
    const { monitor } = portsFrom(Number(new URL(runningStack().web_url).port));
    const answer = await fetch(`http://127.0.0.1:${monitor}/metrics`);
    expect(answer.headers.get('content-type')).toContain('version=0.0.4');
    const text = await answer.text();
    expect(text).toContain('# TYPE patchbay_monitors gauge\npatchbay_monitors 1\n');
    expect(text).toMatch(/^patchbay_servers\{status="connected"\} \d+$/m);
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(# TYPE )?patchbay_\w+({\w+="\w+"})? [\d.e+-]+$|gauge$/);
    expect((await fetch(`http://127.0.0.1:${monitor}/`)).status).toBe(200);
  },
);
