/** A page that a search finds. */
export interface Page {
	url: string;
	title: string;
	snippet: string;
}

/** One search as the state keeps it. */
export interface SearchCall {
	atMs: number;
	kind: "searxng" | "brave" | "tavily";
	query: string;
	url: string;
	headers: Record<string, string>;
}
