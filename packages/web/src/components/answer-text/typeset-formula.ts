import katex from "katex";

/** The markup of a formula. Undefined if KaTeX does not know its commands. */
export function typesetFormula(tex: string, display: boolean): string | undefined {
	try {
		// Without `trust`, commands that load or link anything are errors. The limits are KaTeX's recommendations for untrusted formulas.
		return katex.renderToString(tex, { displayMode: display, trust: false, strict: "ignore", maxSize: 20, maxExpand: 500 });
	} catch {
		return undefined;
	}
}
