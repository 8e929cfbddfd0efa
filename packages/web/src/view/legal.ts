/** A legal page of the deployment: its heading and Markdown, or the address elsewhere that has it. */
export type LegalView = { title: string | null; text: string; address?: undefined } | { title: null; text: null; address: string };
