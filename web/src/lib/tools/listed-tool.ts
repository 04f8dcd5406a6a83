import type { McpToolRow } from '@patchbay/shared/contract/schema/tool';

/** A tool of the stored catalog, and how the model gets it. */
export interface ListedTool extends McpToolRow {
  /** Its name in a conversation, unless another tool there has that name already. */
  modelName: string;
  /** What it takes of the model in every conversation, estimated. */
  tokens: number;
  /** The model gets its long descriptions shortened. */
  isShortened: boolean;
}
