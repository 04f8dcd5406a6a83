export interface EvalContext {
  say: (line: string) => void;
  environment: Record<string, string | undefined>;
}

export interface Eval {
  /** @returns whether the model, and what it was given, were as they should be */
  run(context: EvalContext): Promise<boolean>;
}
