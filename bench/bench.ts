export interface BenchContext {
  say: (text: string) => void;
  signal: AbortSignal;
}

export interface Bench {
  run(context: BenchContext): Promise<void>;
}
