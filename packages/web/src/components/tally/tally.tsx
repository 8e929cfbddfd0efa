import { type Counted, type Mark, marksMax, marksOf, tallyText } from "./marks.ts";

const step = 7;
const groupWidth = 5 * step + 5;
const height = 20;

/** The balance as tally marks: one stroke per request, every fifth across the four before it; a bar above 25. Ink is the remaining requests. */
export function Tally({ usage, label, size = 1 }: { usage: Counted; label?: string; size?: 1 | 2 }) {
	const text = label ?? tallyText(usage);
	if (usage.limit > marksMax) return <Bar usage={usage} text={text} />;
	const marks = marksOf(usage);
	const groups = Math.max(1, Math.ceil(marks.length / 5));
	const width = groups * groupWidth - 5;
	return (
		<svg
			role="img"
			aria-label={text}
			width={width * size}
			height={height * size}
			viewBox={`0 0 ${width} ${height}`}
			className="max-w-full shrink-0"
		>
			{/* Drawn last to first, so that an empty stroke never crosses out a filled one. */}
			{[...marks.keys()].reverse().map((index) => (
				<Stroke key={String(index)} mark={marks[index] ?? "left"} index={index} />
			))}
		</svg>
	);
}

function Stroke({ mark, index }: { mark: Mark; index: number }) {
	const left = Math.floor(index / 5) * groupWidth;
	const inGroup = index % 5;
	const across = inGroup === 4;
	// The fifth stroke is longer and lies across the other four.
	const box = across ? { x: left + 14.5, y: -5, height: 30 } : { x: left + 4 + inGroup * step, y: 2, height: 16 };
	return (
		<rect
			{...box}
			width={3}
			rx={1.5}
			data-mark={mark}
			className="tally-mark"
			transform={across ? `rotate(62 ${left + 16} 10)` : undefined}
		/>
	);
}

function Bar({ usage, text }: { usage: Counted; text: string }) {
	const width = 80;
	// At least 3 px, so that one request in a thousand is visible.
	const share = (units: number) => (units > 0 ? Math.min(width, Math.max(3, (units / usage.limit) * width)) : 0);
	return (
		<svg role="img" aria-label={text} width={width} height={height} viewBox={`0 0 ${width} ${height}`} className="shrink-0">
			<rect x="0" y="8" width={width} height="4" rx="2" className="fill-faint" />
			<rect x="0" y="8" width={share(usage.remaining + usage.held)} height="4" rx="2" className="fill-edge" />
			<rect x="0" y="8" width={share(usage.remaining)} height="4" rx="2" className="fill-ink" data-bar="left" />
		</svg>
	);
}
