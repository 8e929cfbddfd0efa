import { type Counted, type Mark, marksMax, marksOf, tallyText } from "./marks.ts";

const step = 7;
const groupWidth = 5 * step + 5;
const height = 20;

/** The sign of Parley: one stroke per request, every fifth across the four before it, as one counts on paper. */
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
			{/* What is left lies below: an empty stroke must not cross out an inked one. */}
			{[...marks.keys()].reverse().map((at) => (
				<Stroke key={String(at)} mark={marks[at] ?? "left"} at={at} />
			))}
		</svg>
	);
}

function Stroke({ mark, at }: { mark: Mark; at: number }) {
	const left = Math.floor(at / 5) * groupWidth;
	const place = at % 5;
	const across = place === 4;
	// The fifth is drawn as a stroke of its own length, laid across the other four.
	const box = across ? { x: left + 14.5, y: -5, height: 30 } : { x: left + 4 + place * step, y: 2, height: 16 };
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
	const width = 96;
	// One of a thousand is seen too.
	const share = (units: number) => (units > 0 ? Math.min(width, Math.max(3, (units / usage.limit) * width)) : 0);
	return (
		<svg role="img" aria-label={text} width={width} height={height} viewBox={`0 0 ${width} ${height}`} className="shrink-0">
			<rect x="0" y="8" width={width} height="4" rx="2" className="fill-faint" />
			<rect x="0" y="8" width={share(usage.used + usage.held)} height="4" rx="2" className="fill-edge" />
			<rect x="0" y="8" width={share(usage.used)} height="4" rx="2" className="fill-ink" />
		</svg>
	);
}
