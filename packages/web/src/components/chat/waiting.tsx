import { useEffect, useState } from "react";
import { t } from "../../text/text.ts";
import { inSeconds } from "../frame/local-time.tsx";

/** Shorter pauses are not shown. */
const PAUSE_MIN_S = 5;

/**
 * Activity while an answer streams: moving marks, and how long the model has paused. Not announced, because it changes every second.
 * @param progress changes with each new word
 */
export function Waiting({ progress }: { progress: number }) {
	const [pauseS, setPauseS] = useState(0);
	// biome-ignore lint/correctness/useExhaustiveDependencies: each word begins a new pause
	useEffect(() => {
		setPauseS(0);
		const beganMs = performance.now();
		const timer = setInterval(() => setPauseS(Math.round((performance.now() - beganMs) / 1000)), 1_000);
		return () => clearInterval(timer);
	}, [progress]);
	return (
		<div className="flex items-center gap-2 text-small text-soft">
			<svg role="img" aria-label={t("chat_thinking_label")} width="24" height="28" viewBox="0 0 24 28" className="fill-soft">
				{[2, 9, 16].map((x) => (
					<rect key={x} className="waiting-mark" x={x} y="6" width="3" height="16" rx="1.5" />
				))}
			</svg>
			{pauseS >= PAUSE_MIN_S && <span>{t("chat_waiting", { time: inSeconds(pauseS * 1_000) })}</span>}
		</div>
	);
}
