import { useEffect } from "react";

/** Below this height, in px, the conversation needs the space of its surroundings (styles.css). */
const LOW = 416;

/**
 * Sets `--seen` to the visible height while an iOS keyboard covers the page, so that the composer stays above the keyboard. Also marks for the styles
 * that the height is low, and that a field has the focus.
 */
export function useSeenHeight(): void {
	useEffect(() => {
		const seen = window.visualViewport;
		const { dataset, style } = document.documentElement;
		const note = (name: "height" | "writes", value: string | undefined) => {
			if (value === undefined) delete dataset[name];
			else dataset[name] = value;
		};
		const measure = () => {
			const covered = seen !== null && window.innerHeight - seen.height > 120 && seen.scale === 1;
			if (covered) style.setProperty("--seen", `${seen.height}px`);
			else style.removeProperty("--seen");
			const isLow = (covered ? seen.height : window.innerHeight) < LOW;
			note("height", isLow ? "low" : undefined);
			note("writes", isLow && document.activeElement?.matches(".composer textarea") ? "" : undefined);
		};
		measure();
		seen?.addEventListener("resize", measure);
		addEventListener("resize", measure);
		addEventListener("focusin", measure);
		addEventListener("focusout", measure);
		return () => {
			seen?.removeEventListener("resize", measure);
			removeEventListener("resize", measure);
			removeEventListener("focusin", measure);
			removeEventListener("focusout", measure);
		};
	}, []);
}
