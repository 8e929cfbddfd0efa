/** A legal page of the deployment: its Markdown, or the address elsewhere that has it. */
export type LegalView = { text: string; address?: undefined } | { text: null; address: string };
