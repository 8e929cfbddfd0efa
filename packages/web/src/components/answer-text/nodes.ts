/** The parts of a parsed answer. */

export type Inline =
	| string
	| { kind: "em" | "strong" | "del" | "sub" | "sup" | "kbd" | "mark"; children: Inline[] }
	| { kind: "link"; href: string; title: string | undefined; children: Inline[] }
	/** Shown as a link: loading a picture that a model names would reveal the reader to its server. */
	| { kind: "image"; href: string; children: Inline[] }
	| { kind: "code"; text: string }
	| Formula
	| { kind: "break" }
	| { kind: "note-link"; label: string };

export interface Formula {
	kind: "math";
	tex: string;
	/** As it was written, with its delimiters. */
	source: string;
	display: boolean;
	/** False while the formula is still being written. */
	closed: boolean;
}

/** A run of text in a block: as it was written, and parsed. */
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
	/** Of a link (`[1]: https://…`). Not shown. */
	| { kind: "definition"; label: string; href: string; title: string | undefined };

export interface List {
	kind: "list";
	/** The number of the first item; undefined for bullets. */
	start: number | undefined;
	/** Another bullet or delimiter begins another list. */
	mark: string;
	/** Its items are paragraphs, with space between them. */
	loose: boolean;
	items: ListItem[];
}

export interface ListItem {
	/** Set for an item of a task list. */
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

/** What links and footnotes refer to, by normalized label. */
export interface Targets {
	links: ReadonlyMap<string, { href: string; title: string | undefined }>;
	notes: ReadonlySet<string>;
}

/** Labels match whatever their case and white space. */
export const normalLabel = (label: string): string => label.trim().replace(/\s+/g, " ").toLowerCase();
