/** The id of a tool's place on the page of its server. */
export const toolPlace = (name: string): string => `tool-${name}`;

/** The end of an address that leads to it; names may hold any character. */
export const toolHash = (name: string): string => `#tool-${encodeURIComponent(name)}`;
