import { CodeBlock } from "./code-block.tsx";
import { directionOf } from "./direction.ts";
import { FormulaElement } from "./formula.tsx";
import { Inlines } from "./inline-elements.tsx";
import type { Block, List, ListItem } from "./nodes.ts";
import { TableBlock } from "./table-block.tsx";

/** A block of an answer. Its direction is that of its own text. */
export function BlockElement({ block }: { block: Block }) {
	switch (block.kind) {
		case "paragraph":
			return block.inlines.length > 0 && <Paragraph block={block} />;
		case "heading": {
			// The chat's title is the page's h1.
			const Heading = (["h2", "h3", "h4", "h5", "h6"] as const)[Math.min(block.depth, 5) - 1] ?? "h2";
			return (
				<Heading dir="auto">
					<Inlines inlines={block.inlines} />
				</Heading>
			);
		}
		case "quote":
			return (
				<blockquote dir={directionOf(block)}>
					<Blocks blocks={block.children} />
				</blockquote>
			);
		case "list":
			return <ListElement list={block} />;
		case "code":
			return <CodeBlock code={block.text} language={block.language} />;
		case "math":
			return (
				<div className="formula-display">
					<FormulaElement formula={block} />
				</div>
			);
		case "table":
			return <TableBlock table={block} />;
		case "rule":
			return <hr />;
		case "details":
			return (
				<details open={block.open}>
					<summary dir="auto">{block.summary.inlines.length > 0 ? <Inlines inlines={block.summary.inlines} /> : "Details"}</summary>
					<Blocks blocks={block.children} />
				</details>
			);
		case "note":
		case "definition":
			return null;
	}
}

// Blocks keep their order while a text grows, so their index serves as the key.
const Blocks = ({ blocks }: { blocks: Block[] }) => blocks.map((block, at) => <BlockElement key={String(at)} block={block} />);

/** Lines of HTML, which is text here, stay lines. */
function Paragraph({ block }: { block: Block & { kind: "paragraph" } }) {
	return (
		<p dir="auto" className={block.source.startsWith("<") ? "whitespace-pre-line" : undefined}>
			<Inlines inlines={block.inlines} />
		</p>
	);
}

function ListElement({ list }: { list: List }) {
	const items = list.items.map((item, at) => <Item key={String(at)} item={item} loose={list.loose} />);
	const dir = directionOf(list);
	if (list.start === undefined) return <ul dir={dir}>{items}</ul>;
	return (
		<ol dir={dir} start={list.start === 1 ? undefined : list.start}>
			{items}
		</ol>
	);
}

function Item({ item, loose }: { item: ListItem; loose: boolean }) {
	const isTask = item.checked !== undefined;
	return (
		<li dir="auto" className={isTask ? "task" : undefined}>
			{isTask && <input type="checkbox" checked={item.checked} disabled readOnly aria-label="Task" className="me-2" />}
			{item.children.map((child, at) =>
				child.kind === "paragraph" && (!loose || (isTask && at === 0)) ? (
					<Inlines key={String(at)} inlines={child.inlines} />
				) : (
					<BlockElement key={String(at)} block={child} />
				),
			)}
		</li>
	);
}
