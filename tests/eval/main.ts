import type { Eval } from './eval.ts';

const EVALS: Record<string, () => Promise<Eval>> = {
  injection: () => import('./injection/injection.ts').then(({ injection }) => injection),
};

const say = (text: string): void => console.log(text);

const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(EVALS, name));
if (unknown.length > 0) {
  say(`unknown eval ${unknown.join(', ')}; there is ${Object.keys(EVALS).join(', ')}`);
  process.exitCode = 2;
} else {
  for (const [name, load] of Object.entries(EVALS)) {
    if (named.length > 0 && !named.includes(name)) continue;
    say(`== ${name}`);
    const one = await load();
    if (!(await one.run({ say, environment: process.env }))) process.exitCode = 1;
  }
}
process.exit();
