import { useRef, useState } from "react";
import type { Formula } from "./nodes.ts";
import { useNear } from "./use-near.ts";

/** KaTeX takes more than linear time, so a longer formula is shown raw. */
const TEX_CHARS_MAX = 4_000;

/** A formula, shown raw until it is near the screen and KaTeX is loaded. */
export function FormulaElement({ formula }: { formula: Formula }) {
	const { tex, display, source, closed } = formula;
	const element = useRef<HTMLElement>(null);
	const [typeset, setTypeset] = useState<{ tex: string; html: string }>();
	const isTypesettable = closed && tex.length <= TEX_CHARS_MAX;
	useNear(element, isTypesettable && tex, async (isCurrent) => {
		// The server never typesets, so its bundle excludes this code.
		if (import.meta.env.SSR) return;
		const [{ typeset }, { formulaFonts }] = await Promise.all([import("./off-thread.ts"), import("./formula-style.ts")]);
		const [html] = await Promise.all([typeset(tex, display), formulaFonts]);
		if (html && isCurrent()) setTypeset({ tex, html });
	});
	const className = display ? "formula formula-display" : "formula";
	if (typeset?.tex !== tex || !isTypesettable) {
		return (
			<span ref={element} dir="ltr" className={`${className} whitespace-pre-wrap`}>
				{source}
			</span>
		);
	}
	// KaTeX's markup, produced without commands that could load or link anything.
	// biome-ignore lint/security/noDangerouslySetInnerHtml: KaTeX returns markup, and escapes its input
	return <span ref={element} dir="ltr" className={className} dangerouslySetInnerHTML={{ __html: typeset.html }} />;
}
