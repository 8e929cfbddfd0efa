import type { ReactNode } from "react";
import { t } from "../../text/text.ts";
import { CodeBlock } from "./code-block.tsx";
import { directionOf } from "./direction.ts";
import { FormulaElement } from "./formula.tsx";
import { inlineElements } from "./inline-elements.tsx";
import type { Block, List, ListItem } from "./nodes.ts";
import { TableBlock } from "./table-block.tsx";

/** The level of the page's own heading, the chat's title. */
export const TITLE_LEVEL = 1;

/**
 * The level of a heading after one of level `above`. Models start at any level,
 * and to a screen reader's user a skipped level sounds like a missing section.
 */
export const levelOf = (depth: number, above: number): number => Math.min(depth + 1, above + 1, 6);

/**
 * Renders a block of an answer, in the direction of its own text. A function, not a component: it has no state and an answer may have thousands.
 * @param above the level of the heading before it
 */
export function blockElement(block: Block, above: number, key?: string): ReactNode {
	switch (block.kind) {
		case "paragraph":
			// Raw HTML is shown as text and keeps its line breaks.
			return (
				block.inlines.length > 0 && (
					<p key={key} dir="auto" className={block.source.startsWith("<") ? "whitespace-pre-line" : undefined}>
						{inlineElements(block.inlines)}
					</p>
				)
			);
		case "heading": {
			const Heading = `h${levelOf(block.depth, above)}` as "h2" | "h3" | "h4" | "h5" | "h6";
			return (
				<Heading key={key} dir="auto" className={`depth-${Math.min(block.depth, 5)}`}>
					{inlineElements(block.inlines)}
				</Heading>
			);
		}
		case "quote":
			return (
				<blockquote key={key} dir={directionOf(block)}>
					{blockElements(block.children, above)}
				</blockquote>
			);
		case "list":
			return listElement(block, above, key);
		case "code":
			return <CodeBlock key={key} code={block.text} language={block.language} />;
		case "math":
			return (
				<div key={key} className="formula-display">
					<FormulaElement formula={block} />
				</div>
			);
		case "table":
			return <TableBlock key={key} table={block} />;
		case "rule":
			return <hr key={key} />;
		case "details":
			return (
				<details key={key} open={block.open}>
					<summary dir="auto">{block.summary.inlines.length > 0 ? inlineElements(block.summary.inlines) : t("text_details")}</summary>
					{blockElements(block.children, above)}
				</details>
			);
		case "note":
		case "definition":
			return null;
	}
}

/** Blocks keep their order while a text grows, so their index serves as the key. */
export const blockElements = (blocks: Block[], above: number): ReactNode =>
	blocks.map((block, at) => blockElement(block, above, String(at)));

function listElement(list: List, above: number, key: string | undefined): ReactNode {
	const items = list.items.map((item, at) => itemElement(item, list.loose, above, String(at)));
	const dir = directionOf(list);
	if (list.start === undefined)
		return (
			<ul key={key} dir={dir}>
				{items}
			</ul>
		);
	return (
		<ol key={key} dir={dir} start={list.start === 1 ? undefined : list.start}>
			{items}
		</ol>
	);
}

function itemElement({ checked, children }: ListItem, loose: boolean, above: number, key: string): ReactNode {
	const isTask = checked !== undefined;
	return (
		<li key={key} dir="auto" className={isTask ? "task" : undefined}>
			{isTask && <input type="checkbox" checked={checked} disabled readOnly aria-label={t("text_task")} className="me-2" />}
			{children.map((child, at) =>
				child.kind === "paragraph" && (!loose || (isTask && at === 0))
					? inlineElements(child.inlines)
					: blockElement(child, above, String(at)),
			)}
		</li>
	);
}
