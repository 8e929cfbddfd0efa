import { memo, useEffect, useRef, useState } from "react";
import { t } from "../../text/text.ts";
import { CopyButton } from "../frame/copy-button.tsx";
import type { ColoredLine } from "./highlight.ts";
import type { CodeColors } from "./off-thread.ts";
import { useNear } from "./use-near.ts";
import { useOverflow } from "./use-overflow.ts";

/** Longer code is not highlighted. */
const CODE_CHARS_MAX = 50_000;

/** Code as written, highlighted once it is near the screen and its language's grammar is loaded. */
export function CodeBlock({ code, language }: { code: string; language: string | undefined }) {
	const pre = useRef<HTMLPreElement>(null);
	const colors = useRef<CodeColors>(undefined);
	const [lines, setLines] = useState<{ of: string; colored: ColoredLine[] }>();
	const [wraps, setWraps] = useState(false);
	const { overflows, more } = useOverflow(pre);
	const isHighlighted = language !== undefined && code.length <= CODE_CHARS_MAX;
	useNear(pre, isHighlighted && code, async () => {
		// The server never highlights, so its bundle excludes this code.
		if (import.meta.env.SSR || language === undefined) return;
		const { CodeColors } = await import("./off-thread.ts");
		if (colors.current?.language !== language) {
			colors.current?.end();
			colors.current = new CodeColors(language);
		}
		await colors.current.color(code, (of, colored) => setLines({ of, colored }));
	});
	useEffect(
		() => () => {
			colors.current?.end();
			colors.current = undefined;
		},
		[],
	);
	return (
		<div className="code-block" dir="ltr" data-wraps={wraps} data-more={more}>
			<div className="flex items-center gap-1">
				<span className="mr-auto">{language}</span>
				{(overflows || wraps) && (
					<button type="button" className="button-bare text-small" aria-pressed={wraps} onClick={() => setWraps(!wraps)}>
						{t("text_wrap")}
					</button>
				)}
				<CopyButton text={code} what={t("text_the_code")} />
			</div>
			{/* A long line must be scrollable from the keyboard. */}
			<pre ref={pre} tabIndex={overflows ? 0 : undefined}>
				<code>{isHighlighted && lines ? <Colored code={code} lines={lines} /> : code}</code>
			</pre>
		</div>
	);
}

/** The highlighted lines, and the rest of the code, which may have grown since. */
function Colored({ code, lines: { of, colored } }: { code: string; lines: { of: string; colored: ColoredLine[] } }) {
	if (!code.startsWith(of)) return code;
	return (
		<>
			{colored.map((line, at) => (
				<Line key={String(at)} line={line} />
			))}
			{code.slice(of.length)}
		</>
	);
}

const Line = memo(function Line({ line }: { line: ColoredLine }) {
	return line.map(({ text, color }, at) =>
		color ? (
			<span key={String(at)} style={{ color }}>
				{text}
			</span>
		) : (
			text
		),
	);
});
