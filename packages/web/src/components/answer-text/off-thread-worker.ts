// Runs off the main thread, so that a phone stays responsive while it loads grammars and typesets formulas.
import type { ColoredLine, GrowingHighlight } from "./highlight.ts";

/** A request from the page. Each code block has a number, under which its lines are cached until it is dropped. */
export type OffThreadTask =
	| { kind: "code"; block: number; language: string; code: string }
	| { kind: "forget"; block: number }
	| { kind: "formula"; tex: string; display: boolean };

/** The lines of a code block: the first `kept` of the previous answer, then these. Null for a language without a grammar. */
export type CodeAnswer = { kept: number; lines: ColoredLine[] } | null;
export type OffThreadAnswer = CodeAnswer | string | undefined;

interface Block {
	highlight: GrowingHighlight;
	lines: ColoredLine[];
}

const blocks = new Map<number, Block>();

async function colored({ block: number, language, code }: Extract<OffThreadTask, { kind: "code" }>): Promise<CodeAnswer> {
	const { highlightFor } = await import("./highlight.ts");
	const known = blocks.get(number);
	const highlight = known?.highlight.language === language ? known.highlight : await highlightFor(language);
	if (!highlight) return null;
	const before = known?.highlight === highlight ? known.lines : [];
	const lines = highlight.linesOf(code);
	blocks.set(number, { highlight, lines });
	const changed = lines.findIndex((line, at) => line !== before[at]);
	const kept = changed === -1 ? lines.length : changed;
	return { kept, lines: lines.slice(kept) };
}

async function answerTo(task: OffThreadTask): Promise<OffThreadAnswer> {
	if (task.kind === "code") return colored(task);
	if (task.kind === "forget") return void blocks.delete(task.block);
	const { typesetFormula } = await import("./typeset-formula.ts");
	return typesetFormula(task.tex, task.display);
}

addEventListener("message", ({ data: { id, task } }: MessageEvent<{ id: number; task: OffThreadTask }>) => {
	answerTo(task).then(
		(answer) => postMessage({ id, answer }),
		// A file failed to load, so the text stays as it is.
		() => postMessage({ id, failed: true }),
	);
});
