/** The parts of a parsed answer. */

export type Inline =
	| string
	| { kind: "em" | "strong" | "del" | "sub" | "sup" | "kbd" | "mark"; children: Inline[] }
	| { kind: "link"; href: string; title: string | undefined; children: Inline[] }
	/** Shown as a link, because loading an image would reveal the reader to the image's server. */
	| { kind: "image"; href: string; children: Inline[] }
	| { kind: "code"; text: string }
	| Formula
	| { kind: "break" }
	| { kind: "note-link"; label: string };

export interface Formula {
	kind: "math";
	tex: string;
	/** The raw text, with its delimiters. */
	source: string;
	display: boolean;
	/** False while the formula is still streaming. */
	closed: boolean;
}

/** A text in a block: raw and parsed. */
export interface Text {
	source: string;
	inlines: Inline[];
}

export type Block =
	| ({ kind: "paragraph" } & Text)
	| ({ kind: "heading"; depth: number } & Text)
	| { kind: "quote"; children: Block[] }
	| List
	| { kind: "code"; text: string; language: string | undefined; closed: boolean }
	| Formula
	| Table
	| { kind: "rule" }
	| { kind: "details"; open: boolean; summary: Text; children: Block[] }
	| { kind: "note"; label: string; children: Block[] }
	/** A link definition (`[1]: https://…`). Not displayed. */
	| { kind: "definition"; label: string; href: string; title: string | undefined };

export interface List {
	kind: "list";
	/** The number of the first item. Undefined for bullets. */
	start: number | undefined;
	/** Another bullet or delimiter starts a new list. */
	mark: string;
	/** Whether its items are paragraphs, with space between them. */
	loose: boolean;
	items: ListItem[];
}

export interface ListItem {
	/** Set for a task list item. */
	checked: boolean | undefined;
	children: Block[];
}

export interface Table {
	kind: "table";
	source: string;
	align: Align[];
	header: Text[];
	rows: Text[][];
}

export type Align = "left" | "right" | "center" | undefined;

/** The targets of links and footnotes, by normalized label. */
export interface Targets {
	links: ReadonlyMap<string, { href: string; title: string | undefined }>;
	notes: ReadonlySet<string>;
}

/** Labels match regardless of case and white space. */
export const normalLabel = (label: string): string => label.trim().replace(/\s+/g, " ").toLowerCase();
