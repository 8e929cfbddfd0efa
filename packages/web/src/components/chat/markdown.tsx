import { Fragment, memo, type ReactNode } from "react";
import { type Block, type Inline, parseMarkdown } from "./markdown-parse.ts";

/** Memoised: while an answer streams, the finished ones are not parsed again. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
	return <div className="prose">{blocks(parseMarkdown(text))}</div>;
});

// The order of blocks never changes while a text grows, so that a position is as good a key as any.
const blocks = (list: Block[]): ReactNode => list.map((block, at) => <Fragment key={String(at)}>{blockOf(block)}</Fragment>);
const inlines = (list: Inline[]): ReactNode => list.map((part, at) => <Fragment key={String(at)}>{inlineOf(part)}</Fragment>);

function blockOf(block: Block): ReactNode {
	switch (block.kind) {
		case "paragraph":
			return <p>{inlines(block.text)}</p>;
		case "heading": {
			// The page has the only h1.
			const Heading = (["h2", "h3", "h4", "h5", "h6"] as const)[Math.min(block.level, 5) - 1] ?? "h2";
			return <Heading>{inlines(block.text)}</Heading>;
		}
		case "code":
			return (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: a long line must be scrollable from the keyboard
				<pre tabIndex={0}>
					<code>{block.text}</code>
				</pre>
			);
		case "quote":
			return <blockquote>{blocks(block.blocks)}</blockquote>;
		case "rule":
			return <hr />;
		case "list":
			return block.ordered ? <ol start={block.start}>{items(block.items)}</ol> : <ul>{items(block.items)}</ul>;
		case "table":
			return <Table head={block.head} rows={block.rows} />;
	}
}

const items = (list: Block[][]) =>
	list.map((item, at) => {
		const [only] = item;
		// A tight item is a line of text, not a paragraph.
		const tight = only?.kind === "paragraph";
		return (
			<li key={String(at)}>
				{tight ? inlines(only.text) : null}
				{blocks(tight ? item.slice(1) : item)}
			</li>
		);
	});

function Table({ head, rows }: { head: Inline[][]; rows: Inline[][][] }) {
	const keyed = <T,>(list: T[]) => list.map((value, at) => ({ key: String(at), value }));
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table must be scrollable from the keyboard
		<section className="table-scroller" tabIndex={0} aria-label="Table">
			<table>
				<thead>
					<tr>
						{keyed(head).map(({ key, value }) => (
							<th key={key}>{inlines(value)}</th>
						))}
					</tr>
				</thead>
				<tbody>
					{keyed(rows).map(({ key, value: row }) => (
						<tr key={key}>
							{keyed(row).map(({ key, value }) => (
								<td key={key}>{inlines(value)}</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function inlineOf(part: Inline): ReactNode {
	switch (part.kind) {
		case "text":
			return part.text;
		case "code":
			return <code>{part.text}</code>;
		case "strong":
			return <strong>{inlines(part.inner)}</strong>;
		case "emphasis":
			return <em>{inlines(part.inner)}</em>;
		case "deleted":
			return <del>{inlines(part.inner)}</del>;
		case "link":
			return (
				<a className="link" href={part.href} target="_blank" rel="noopener noreferrer nofollow">
					{inlines(part.inner)}
				</a>
			);
		case "break":
			return <br />;
	}
}
