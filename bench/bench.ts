export interface BenchContext {
  say: (text: string) => void;
  /** Aborted when the person stops the run. */
  signal: AbortSignal;
}

/** What each benchmark exports: it measures, prints a table, and writes down what it measured. */
export interface Bench {
  run(context: BenchContext): Promise<void>;
}
