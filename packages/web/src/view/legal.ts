/** A legal page of the deployment: its heading and Markdown, or the URL of an external page. */
export type LegalView = { title: string | null; text: string; address?: undefined } | { title: null; text: null; address: string };
