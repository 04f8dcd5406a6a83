/** The element ID of a tool on its server's page. */
export const toolElementId = (name: string): string => `tool-${name}`;

/** The URL hash of a tool; names may contain any character. */
export const toolHash = (name: string): string => `#tool-${encodeURIComponent(name)}`;
