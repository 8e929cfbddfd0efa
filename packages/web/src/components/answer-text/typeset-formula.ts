import katex from "katex";

/** The markup of a formula; undefined if KaTeX does not know its commands. */
export function typesetFormula(tex: string, display: boolean): string | undefined {
	try {
		// Without `trust`, commands that load or link anything are errors. The limits are those that KaTeX recommends for other people's formulas.
		return katex.renderToString(tex, { displayMode: display, trust: false, strict: "ignore", maxSize: 20, maxExpand: 500 });
	} catch {
		return undefined;
	}
}
