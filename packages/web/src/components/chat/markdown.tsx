import type { MarkedToken, Token, Tokens } from "marked";
import { Fragment, memo, type ReactNode } from "react";
import { CopyButton } from "../frame/copy-button.tsx";
import type { Block } from "./answer-blocks.ts";

/** An answer's blocks as React elements. Raw HTML in them is shown as text. */
export function Markdown({ blocks }: { blocks: Block[] }) {
	return (
		<div className="prose">
			{blocks.map((block, at) => (
				<BlockElement key={String(at)} block={block} />
			))}
		</div>
	);
}

/** Memoized: while an answer grows, its earlier blocks stay the same objects. */
const BlockElement = memo(function BlockElement({ block }: { block: Block }) {
	if (block.kind === "code") return <CodeBlock code={block.text} language={block.language} />;
	if (block.kind === "plain") return <p className="whitespace-pre-wrap">{block.text}</p>;
	return nodes(block.tokens);
});

// Tokens keep their order while a text grows, so their index serves as the key. The cast excludes the token types of extensions, and none
// are installed.
const nodes = (tokens: Token[] = []): ReactNode =>
	tokens.map((token, at) => <Fragment key={String(at)}>{node(token as MarkedToken)}</Fragment>);

function node(token: MarkedToken): ReactNode {
	switch (token.type) {
		case "space":
		case "def":
			return null;
		case "heading": {
			// The chat's title is the page's h1.
			const Heading = (["h2", "h3", "h4", "h5", "h6"] as const)[Math.min(token.depth, 5) - 1] ?? "h2";
			return <Heading>{nodes(token.tokens)}</Heading>;
		}
		case "paragraph":
			return <p>{nodes(token.tokens)}</p>;
		case "blockquote":
			return <blockquote>{nodes(token.tokens)}</blockquote>;
		case "list":
			return <List list={token} />;
		case "table":
			return <Table table={token} />;
		case "hr":
			return <hr />;
		case "code":
			return <CodeBlock code={token.text} language={/^[^\s{]+/.exec(token.lang ?? "")?.[0]} />;
		case "text":
			return "tokens" in token && token.tokens ? nodes(token.tokens) : token.text;
		case "strong":
			return <strong>{nodes(token.tokens)}</strong>;
		case "em":
			return <em>{nodes(token.tokens)}</em>;
		case "del":
			return <del>{nodes(token.tokens)}</del>;
		case "codespan":
			return <code>{token.text}</code>;
		case "br":
			return <br />;
		case "link":
			return <Anchor href={token.href}>{nodes(token.tokens)}</Anchor>;
		case "image":
			// Loading an image that a model names would reveal the viewer to its server.
			return <Anchor href={token.href}>{token.text || token.href}</Anchor>;
		case "checkbox":
			return <input type="checkbox" checked={token.checked} disabled readOnly aria-label="Task" className="mr-2" />;
		case "escape":
			return token.text;
		default:
			return token.raw;
	}
}

function List({ list }: { list: Tokens.List }) {
	const items = list.items.map((item, at) => <li key={String(at)}>{nodes(item.tokens)}</li>);
	return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function CodeBlock({ code, language }: { code: string; language: string | undefined }) {
	return (
		<div className="code-block">
			<div className="flex items-center justify-between">
				<span>{language}</span>
				<CopyButton text={code} what="the code" />
			</div>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long line must be scrollable from the keyboard */}
			<pre tabIndex={0}>
				<code>{code}</code>
			</pre>
		</div>
	);
}

function Table({ table }: { table: Tokens.Table }) {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table must be scrollable from the keyboard
		<section className="table-scroller" tabIndex={0} aria-label="Table">
			<table>
				<thead>
					<tr>
						{table.header.map((cell, at) => (
							<th key={String(at)} data-align={cell.align}>
								{nodes(cell.tokens)}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{table.rows.map((row, at) => (
						<tr key={String(at)}>
							{row.map((cell, column) => (
								<td key={String(column)} data-align={cell.align}>
									{nodes(cell.tokens)}
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

/** A link if the address is http, https or mailto, otherwise plain text. */
function Anchor({ href, children }: { href: string; children: ReactNode }) {
	if (!/^(https?:|mailto:)/i.test(href)) return children;
	return (
		<a className="link" href={href} target="_blank" rel="noopener noreferrer nofollow">
			{children}
		</a>
	);
}
