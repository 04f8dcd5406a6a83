export interface EvalContext {
  say: (line: string) => void;
  environment: Record<string, string | undefined>;
}

export interface Eval {
  /** @returns whether the eval passed */
  run(context: EvalContext): Promise<boolean>;
}
