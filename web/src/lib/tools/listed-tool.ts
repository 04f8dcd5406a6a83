import type { McpToolRow } from '@patchbay/shared/contract/schema/tool';

export interface ListedTool extends McpToolRow {
  /** Its name in a conversation, unless another tool there has that name already. */
  modelName: string;
  tokens: number;
  isShortened: boolean;
}
